// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/cast.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "assets/average_face.h"
#include "eval/hair.h"
#include "eval/look.h"

namespace faceperturb::eval {

namespace {

struct Frame {  // where a picture keeps the coordinates of cast.h
  cv::Point2f origin;
  float unit;

  cv::Point2f to_units(float x, float y) const {
    return {(x - origin.x) / unit, (y - origin.y) / unit};
  }
  cv::Point2f to_pixels(cv::Point2f p) const {
    return {origin.x + p.x * unit, origin.y + p.y * unit};
  }
};

cv::Point2f mean_point(const AverageFace& face, size_t first, size_t last) {
  cv::Point2f sum;
  for (size_t i = first; i <= last; ++i)
    sum += cv::Point2f(face.landmarks[i].x, face.landmarks[i].y);
  return sum / static_cast<float>(last - first + 1);
}

Frame average_frame(const AverageFace& face) {
  const cv::Point2f left = mean_point(face, 36, 41), right = mean_point(face, 42, 47);
  return {(left + right) * 0.5F, right.x - left.x};
}

// A soft mask of the polygon through landmarks first .. last; `soft` in eye distances.
cv::Mat1f mask_of(const AverageFace& face, std::initializer_list<std::array<int, 2>> runs,
                  float soft, float grow) {
  const Frame frame = average_frame(face);
  cv::Mat1b mask = cv::Mat1b::zeros(face.bgr.size());
  for (const auto& [first, last] : runs) {
    std::vector<cv::Point> polygon;
    for (int i = first; i <= last; ++i) {
      const Point p = face.landmarks[static_cast<size_t>(i)];
      polygon.emplace_back(cvRound(p.x), cvRound(p.y));
    }
    std::vector<cv::Point> hull;
    cv::convexHull(polygon, hull);
    cv::fillConvexPoly(mask, hull, 255);
    if (grow > 0) cv::polylines(mask, hull, true, 255, cvRound(2 * grow * frame.unit));
  }
  cv::Mat1f out;
  mask.convertTo(out, CV_32F, 1 / 255.0);
  cv::GaussianBlur(out, out, {}, static_cast<double>(soft * frame.unit));
  return out;
}

float ramp(float low, float high, float x) {
  const float t = std::clamp((x - low) / (high - low), 0.F, 1.F);
  return t * t * (3 - 2 * t);
}

cv::Mat1f smooth_noise(cv::Size size, double sigma, cv::RNG& rng) {
  cv::Mat1f noise(size);
  rng.fill(noise, cv::RNG::NORMAL, 0, 1);
  if (sigma > 0) {
    cv::GaussianBlur(noise, noise, {}, sigma);
    noise *= 2 * std::sqrt(CV_PI) * sigma;
  }
  return noise;
}

// The average in somebody's colours, still in the average's shape.
cv::Mat3f recolour(const AverageFace& face, const Look& look) {
  const Frame frame = average_frame(face);
  const cv::Mat1f eyes = mask_of(face, {{36, 41}, {42, 47}}, 0.015F, 0.F);
  const cv::Mat1f lips = mask_of(face, {{48, 59}}, 0.03F, 0.F);
  const cv::Mat1f brows = mask_of(face, {{17, 21}, {22, 26}}, 0.05F, 0.03F);
  cv::RNG rng(look.hair.seed + 100);
  const cv::Mat1f fine = smooth_noise(face.bgr.size(), 0.7, rng);
  const cv::Mat1f middle = smooth_noise(face.bgr.size(), 4.0, rng);

  const cv::Point2f cheek = frame.to_pixels({0.55F, 0.55F});
  const cv::Rect patch(cvRound(cheek.x) - 15, cvRound(cheek.y) - 15, 30, 30);
  const cv::Scalar from = cv::mean(face.bgr(patch));
  cv::Vec3f power;
  for (int c = 0; c < 3; ++c)
    power[c] = static_cast<float>(std::log(look.skin[c] / 255) / std::log(from[c] / 255));
  // Partly a curve, partly a gain: a curve alone makes dark skin too hard, a gain too dull.
  const float dark = std::max(1.F, power[1]);
  std::array<cv::Vec3f, 256> curve;
  for (int c = 0; c < 3; ++c) {
    power[c] = std::pow(power[c], 0.55F);
    const float gain = look.skin[c] / std::pow(static_cast<float>(from[c]) / 255, power[c]);
    for (size_t i = 0; i < 256; ++i) {
      curve[i][c] = gain * std::pow(static_cast<float>(i) / 255, power[c]);
    }
  }

  cv::Mat3f out(face.bgr.size());
  for (int y = 0; y < out.rows; ++y) {
    for (int x = 0; x < out.cols; ++x) {
      const cv::Point2f p = frame.to_units(static_cast<float>(x), static_cast<float>(y));
      const cv::Vec3b in = face.bgr.at<cv::Vec3b>(y, x);
      const float grain = 1 + (0.013F * fine(y, x) + 0.012F * middle(y, x)) * ramp(2.3F, 2.1F, p.y);
      cv::Vec3f v;
      for (int c = 0; c < 3; ++c) v[c] = curve[in[c]][c] * grain;
      const float level = (0.2F * in[1] + 0.8F * in[2]) / 255.F;
      for (int c = 0; c < 3; ++c) {
        v[c] *= 1 + lips(y, x) * (look.lips[c] - 1);
        v[c] *= 1 + brows(y, x) * (look.brows - 1) * 0.9F;
      }
      if (look.stubble > 0) {
        const float jawline = ramp(0.7F, 1.2F, p.y + 0.25F * std::abs(p.x)) *
                              ramp(2.05F, 1.75F, p.y) *
                              (1 - 0.5F * ramp(0.25F, 0.0F, std::abs(p.x)) * ramp(1.5F, 1.3F, p.y) *
                                       ramp(1.0F, 1.2F, p.y));
        const float beard = look.stubble * jawline * (1 - lips(y, x)) *
                            std::clamp(0.8F + 0.2F * fine(y, x), 0.F, 1.2F);
        v = v * (1 - 0.32F * beard) + look.hair.colour * (0.16F * beard);
      }
      // The eyes keep their own light; the iris gets its colour.
      const cv::Vec3f own = cv::Vec3f(in) * (1.08F / std::sqrt(dark));
      cv::Vec3f eye(std::min(255.F, own[0]), std::min(255.F, own[1]), std::min(255.F, own[2]));
      const float r = std::hypot(std::abs(p.x) - 0.5F, p.y);
      const float iris = ramp(0.115F, 0.09F, r) * ramp(0.75F, 0.5F, level);
      eye = eye * (1 - 0.45F * iris) + look.iris * (0.45F * iris * std::min(1.F, level * 2.6F));
      v = v * (1 - eyes(y, x)) + eye * eyes(y, x);
      // Hair of the average: the hair's colour, under what is painted over it.
      const float line = hairline(p.x);
      const float hair = ramp(line + 0.02F, line - 0.14F, p.y) * ramp(0.1F, -0.05F, p.y);
      const cv::Vec3f tone = look.hair.colour * (0.35F + 1.1F * level);
      out(y, x) = v * (1 - hair) + tone * hair;
    }
  }
  return out;
}

std::vector<cv::Mat> pyramid(const cv::Mat& base) {
  std::vector<cv::Mat> levels{base};
  while (std::min(levels.back().cols, levels.back().rows) > 24) {
    cv::Mat half;
    const cv::Size size(levels.back().cols / 2, levels.back().rows / 2);
    cv::resize(levels.back()(cv::Rect(0, 0, 2 * size.width, 2 * size.height)), half, size, 0, 0,
               cv::INTER_AREA);
    levels.push_back(half);
  }
  return levels;
}

// Lays `bgr` with `alpha` (0 .. 1) over what `below` (colours times alpha, then alpha) shows.
void lay(cv::Mat4f& below, cv::Point at, const cv::Vec3f& bgr, float alpha) {
  cv::Vec4f& v = below(at);
  for (int c = 0; c < 3; ++c) v[c] = v[c] * (1 - alpha) + bgr[c] * alpha;
  v[3] = v[3] * (1 - alpha) + 255 * alpha;
}

Sprite make_head(const AverageFace& face, const Look& look) {
  const Frame from = average_frame(face);
  const Frame to{{2.1F * 200, 2.6F * 200}, 200};
  const cv::Size size(840, 1160);
  cv::Mat2f map(size);
  cv::Mat1f column(size);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const cv::Point2f p = to.to_units(static_cast<float>(x), static_cast<float>(y));
      cv::Point2f source = p - displacement(look, p);
      // Only the neck's column goes down into the collar, on and on as it ends.
      const float limit = 1.F - 0.1F * ramp(1.55F, 2.05F, source.y);
      column(y, x) = source.y < 1.5F ? 1 : ramp(limit + 0.02F, limit - 0.03F, std::abs(source.x));
      source.y = std::min(source.y, 2.45F);
      map(y, x) = from.to_pixels(source);
    }
  }
  cv::Mat3f skin;
  cv::Mat cut;
  cv::remap(recolour(face, look), skin, map, {}, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  cv::remap(face.alpha, cut, map, {}, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  const Hair hair = paint_hair(look.hair, size, to.origin, to.unit);
  cv::Mat shadow;  // of the hair, on the forehead
  cv::GaussianBlur(hair.front_alpha, shadow, {}, 14);

  cv::Mat4f out = cv::Mat4f::zeros(size);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const cv::Point at(x, y);
      const cv::Point2f p = to.to_units(static_cast<float>(x), static_cast<float>(y));
      const float bottom = ramp(3.15F, 3.05F, p.y);
      const float brow = ramp(1.15F, 1.F, std::abs(p.x)) * ramp(-1.6F, -1.3F, p.y);
      const float shade = (1 - 0.22F * ramp(2.1F, 2.9F, p.y)) *
                          (1 - 0.35F * brow * static_cast<float>(shadow.at<uchar>(at)) / 255.F);
      lay(out, at, cv::Vec3f(hair.back_bgr.at<cv::Vec3b>(at)),
          hair.back_alpha.at<uchar>(at) / 255.F);
      lay(out, at, skin(at) * shade, cut.at<uchar>(at) / 255.F * column(at) * bottom);
      lay(out, at, cv::Vec3f(hair.front_bgr.at<cv::Vec3b>(at)),
          hair.front_alpha.at<uchar>(at) / 255.F);
    }
  }
  cv::Mat bytes;
  out.convertTo(bytes, CV_8UC4);
  return {pyramid(bytes), to.origin, to.unit};
}

// Shoulders and shirt; `inner` gives the far side of the collar instead.
Sprite make_body(const Look& look, bool inner) {
  const Frame to{{3.9F * 100, -1.6F * 100}, 100};
  const cv::Size size(780, inner ? 140 : 1000);
  cv::RNG rng(look.hair.seed + 200);
  const cv::Mat1f weave = smooth_noise(size, 0.8, rng);
  cv::Mat1f folds = smooth_noise({size.width / 4, size.height / 4}, 9.0, rng);
  cv::resize(folds, folds, size, 0, 0, cv::INTER_CUBIC);
  const float w = look.width;
  cv::Mat4f out = cv::Mat4f::zeros(size);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const cv::Point2f p = to.to_units(static_cast<float>(x), static_cast<float>(y));
      const float a = std::abs(p.x);
      if (!inner && p.y < 2.2F) continue;
      const float rim = std::sqrt(std::max(0.F, 1 - std::pow(a / (1.02F * w), 2.F)));
      const float open = 2.3F + 0.36F * rim;
      if (inner) {
        const float in = ramp(2.3F - 0.2F * rim - 0.02F, 2.3F - 0.2F * rim + 0.02F, p.y) *
                         (a < 1.02F * w) * ramp(open + 0.1F, open, p.y);
        lay(out, {x, y}, look.shirt * 0.45F, in);
        continue;
      }
      const float shoulder =
          2.27F + 0.3F * std::max(0.F, a - 1.F * w) + 1.6F * std::pow(a / 3.45F, 9.F);
      const float top = a < 1.02F * w ? open : shoulder;
      const float alpha =
          ramp(top - 0.02F, top + 0.02F, p.y) * ramp(3.62F, 3.55F, a + 0.02F * folds(y, x));
      if (alpha <= 0) continue;
      float light = 1.02F - 0.09F * std::pow(a / 2.F, 2.F) - 0.05F * std::max(0.F, p.y - 3.2F);
      light += 0.012F * weave(y, x) + 0.05F * folds(y, x);
      // A ribbed collar with its shadow, and the fold between arm and chest.
      const float from_collar = p.y - open;
      if (a < 1.F * w) {
        const float ribs = 0.1F * ramp(0.13F, 0.11F, from_collar);
        const float under =
            0.25F * ramp(0.1F, 0.16F, from_collar) * ramp(0.26F, 0.14F, from_collar);
        light *= 1 + (ribs - under) * ramp(1.F * w, 0.86F * w, a);
      }
      const float arm = std::abs(a - 2.55F - 0.1F * (p.y - 4.F));
      light *= 1 - 0.16F * ramp(0.14F, 0.F, arm) * ramp(3.7F, 4.5F, p.y);
      cv::Vec3f cloth = look.shirt;
      if (look.jacket != cv::Vec3f()) {
        const float edge = a - (0.98F - 0.36F * (p.y - 2.3F));
        light *= 1 - 0.35F * ramp(-0.16F, 0.F, edge);  // its shadow on the shirt
        const float on = ramp(-0.01F, 0.01F, edge);
        const float lapel = 0.34F + 0.12F * std::min(0.F, 3.1F - p.y);
        const float seam = ramp(0.03F, 0.F, std::abs(edge - lapel)) * (edge > 0 && p.y < 4.2F);
        const float worn = 1.05F - 0.08F * std::pow(a / 2.F, 2.F) + 0.012F * weave(y, x) +
                           0.05F * folds(y, x) + 0.06F * (edge > 0 && edge < lapel);
        cloth = cloth * (1 - on) +
                look.jacket * (on * worn * (1 - 0.3F * seam) / std::max(0.2F, light));
      }
      lay(out, {x, y}, cloth * std::clamp(light, 0.2F, 1.3F), alpha);
    }
  }
  cv::Mat bytes;
  out.convertTo(bytes, CV_8UC4);
  return {pyramid(bytes), to.origin, to.unit};
}

Member make(const AverageFace& face, const Look& look) {
  Member member{make_body(look, true), make_head(face, look), make_body(look, false), {}};
  const Frame frame = average_frame(face);
  for (size_t i = 0; i < 68; ++i) {
    const cv::Point2f from = frame.to_units(face.landmarks[i].x, face.landmarks[i].y);
    cv::Point2f p = from;
    for (int round = 0; round < 40; ++round) p = from + displacement(look, p);
    member.landmarks[i] = {p.x, p.y};
  }
  return member;
}

}  // namespace

const std::vector<Member>& cast() {
  static const std::vector<Member> members = [] {
    std::vector<Member> all;
    const std::vector<Look> wanted = looks();
    const AverageFace& face = average_face();
    all.resize(wanted.size());
    cv::parallel_for_({0, static_cast<int>(wanted.size())}, [&](const cv::Range& range) {
      for (auto i = static_cast<size_t>(range.start); i < static_cast<size_t>(range.end); ++i) {
        all[i] = make(face, wanted[i]);
      }
    });
    return all;
  }();
  return members;
}

}  // namespace faceperturb::eval
