// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perturb/face_template.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "assets/average_face.h"
#include "regions/outline.h"

namespace faceperturb {
namespace {

constexpr int smallest_side = 8;

// How far eyes with brows, and the mouth, stand out, against the average face's own. Measured from
// 1.5 to 4.5 with the constants below and the seam's reach, some 140 settings (docs/evaluation.md):
// the mouth is what misleads recognition, and more of it costs detectors nothing.
constexpr std::pair<Regions, double> emphases[] = {{Regions::eyes, 3}, {Regions::mouth, 3.5}};
// Of the base that they stand out from, and of the soft edge of where they do; in face widths.
constexpr double base_sigma = 0.1, edge_sigma = 0.03;
// How far everything stands out from a wider base: a flatter nose and flatter cheeks mislead
// further.
constexpr double flatness = 0.6, flat_sigma = 0.3;
constexpr int coarse = 2;  // of the full size: enough for it

Face as_face(const AverageFace& average) {
  Face face;
  face.landmarks = average.landmarks;
  face.box.width = average.landmarks[16].x - average.landmarks[0].x;
  return face;
}

cv::Mat wide_base(const cv::Mat& bgr, double sigma) {
  cv::Mat small, result;
  cv::resize(bgr, small, {}, 1.0 / coarse, 1.0 / coarse, cv::INTER_AREA);
  cv::GaussianBlur(small, small, {}, sigma / coarse);
  cv::resize(small, result, bgr.size(), 0, 0, cv::INTER_LINEAR);
  return result;
}

// As it is laid on parts of a face: beside the eyes, brows and mouth flatter.
cv::Mat emphasised(const cv::Mat& bgr, const AverageFace& average) {
  const Face face = as_face(average);
  cv::Mat mask(bgr.size(), CV_32FC1, cv::Scalar(0));
  for (const auto& [region, emphasis] : emphases) {
    std::vector<Outline> outlines;
    region_outlines(face, region, outlines);
    for (const Outline& outline : outlines) {
      std::vector<cv::Point> points;
      for (const cv::Point2f& p : outline.points) points.emplace_back(p);
      cv::fillConvexPoly(mask, points, emphasis - 1);
      cv::polylines(mask, points, true, emphasis - 1, cvRound(2 * outline.margin));
    }
  }
  const double width = face.box.width;
  cv::GaussianBlur(mask, mask, {}, edge_sigma * width);
  cv::cvtColor(mask, mask, cv::COLOR_GRAY2BGR);
  cv::Mat base;
  cv::GaussianBlur(bgr, base, {}, base_sigma * width);
  const cv::Mat wide = wide_base(bgr, flat_sigma * width);
  return wide + flatness * (bgr - wide) + mask.mul(bgr - base);
}

cv::Mat parts(const AverageFace& average) {
  const Face face = as_face(average);
  cv::Mat result;
  average.alpha.convertTo(result, CV_32F, 1.0 / 255);
  std::vector<Outline> outlines;
  region_outlines(face, Regions::face, outlines);
  for (const Outline& outline : outlines) {
    std::vector<cv::Point> points;
    for (const cv::Point2f& p : outline.points) points.emplace_back(p);
    cv::fillConvexPoly(result, points, 2, cv::LINE_AA);
  }
  return result;
}

// Fills what is not `known` (1, or 0) from what is nearest to it, the smoother the further away:
// from half the size, where it is nearer.
void fill(cv::Mat& map, const cv::Mat& known) {
  if (cv::countNonZero(known == 0) == 0) return;
  cv::Mat half, weight;
  cv::pyrDown(map.mul(known), half);
  cv::pyrDown(known, weight);
  half = half / cv::max(weight, 1e-6F);
  cv::Mat half_known;
  cv::Mat(weight > 0.01F).convertTo(half_known, CV_32F, 1.0 / 255);
  if (cv::countNonZero(half_known) > 0) fill(half, half_known);
  cv::Mat whole;
  cv::pyrUp(half, whole, map.size());
  whole.copyTo(map, known == 0);
}

// `map` within the face; beyond it the face's skin goes on.
cv::Mat skin(const cv::Mat& map, const cv::Mat& part) {
  cv::Mat result = map.clone(), inside;
  cv::Mat(part > 1.9F).convertTo(inside, CV_32F, 1.0 / 255);
  fill(result, inside);
  return result;
}

// From floats to whole numbers.
FaceTemplate::Level in_numbers(const FaceTemplate::Level& level) {
  const auto convert = [](const cv::Mat& map, int most) {
    cv::Mat result;
    map.convertTo(result, CV_16U, FaceTemplate::one);
    return cv::Mat(cv::min(result, most));
  };
  FaceTemplate::Level result;
  result.part = convert(level.part, 2 * FaceTemplate::one - 1);
  for (std::size_t tone = 0; tone < FaceTemplate::tones; ++tone) {
    result.head[tone] = convert(level.head[tone], FaceTemplate::one - 1);
    result.skin[tone] = convert(level.skin[tone], FaceTemplate::one - 1);
  }
  return result;
}

}  // namespace

const FaceTemplate& FaceTemplate::shared() {
  static const FaceTemplate face;
  return face;
}

FaceTemplate::FaceTemplate() {
  const AverageFace& face = average_face();
  landmarks_ = face.landmarks;
  cv::Mat bgr;
  face.bgr.convertTo(bgr, CV_32F, 1.0 / 255);
  // Takes the steps of 8-bit numbers away: equal neighbours would have no order.
  cv::GaussianBlur(bgr, bgr, {}, 1.5);
  const cv::Mat strong = emphasised(bgr, face);
  Level level;
  level.part = parts(face);
  // ITU-R BT.601 from blue, green, red.
  const std::array<cv::Matx14f, tones> weights{{{0.114F, 0.587F, 0.299F, 0},
                                                {0.5F, -0.331F, -0.169F, 0.5F},
                                                {-0.081F, -0.419F, 0.5F, 0.5F},
                                                {-0.29F, -0.044F, 0.334F, 0.5F}}};
  for (std::size_t tone = 0; tone < tones; ++tone) {
    cv::transform(bgr, level.head[tone], weights[tone]);
    cv::transform(strong, level.skin[tone], weights[tone]);
    level.skin[tone] = skin(level.skin[tone], level.part);
  }
  levels_.push_back(in_numbers(level));
  while (std::min(level.part.cols, level.part.rows) >= 2 * smallest_side) {
    Level half;
    cv::pyrDown(level.part, half.part);
    for (std::size_t tone = 0; tone < tones; ++tone) {
      cv::pyrDown(level.head[tone], half.head[tone]);
      cv::pyrDown(level.skin[tone], half.skin[tone]);
    }
    levels_.push_back(in_numbers(half));
    level = half;
  }
}

std::size_t FaceTemplate::level_for(float scale) const {
  const float halvings = std::floor(-std::log2(std::max(1e-6F, scale)));
  return static_cast<std::size_t>(
      std::clamp(halvings, 0.F, static_cast<float>(levels_.size() - 1)));
}

}  // namespace faceperturb
