// SPDX-License-Identifier: LGPL-2.1-or-later
//
// faceperturb-average-face LONDON_DIR OUT_DIR [LANDMARK_MODEL]
//
// Makes the average face that the library embeds: every neutral front picture of the Face Research
// Lab London Set is warped, as it is and mirrored, to the mean shape of all of them, and the warped
// pictures are averaged as they are encoded (in linear light the fair hair washes out the dark).
// No single person's picture is kept.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "london.h"

namespace fs = std::filesystem;

namespace {

using namespace faceperturb::average;

constexpr float kBackdrop = 190;
constexpr int kJpegQuality = 88;

constexpr Run kLandmarkRuns[] = {
    {0, 8, 16, -1},  {17, 5, 26, -1}, {31, 2, 35, -1}, {36, 4, 45, -1}, {40, 2, 47, -1},
    {48, 3, 54, -1}, {55, 2, 59, -1}, {60, 2, 64, -1}, {65, 1, 67, -1},
};

struct Average {
  cv::Mat3f colour;  // times weight
  cv::Mat1f weight;  // share of the pictures that show safely inner parts of the person here
  cv::Mat1f alpha;   // mean matte
};

Average average(const std::vector<Sample>& samples, const Shape& shape) {
  const Shape frame = border({0, 0, kWidth - 1, kHeight - 1});
  Shape canvas = shape;
  canvas.insert(canvas.end(), frame.begin(), frame.end());
  const Triangles triangles = triangulate(canvas, {kWidth, kHeight});
  Average sum{cv::Mat3f::zeros(kHeight, kWidth), cv::Mat1f::zeros(kHeight, kWidth),
              cv::Mat1f::zeros(kHeight, kWidth)};
  size_t done = 0;
  for (const auto& sample : samples) {
    const cv::Mat3f values = read_picture(sample.picture);
    const cv::Mat1f person = matte(values);
    Shape source = sample.points;
    const Similarity back = fit(shape, sample.points);
    for (const auto& p : frame) source.push_back(back(p));
    const cv::Mat2f map = warp_map(triangles, canvas, source, {kWidth, kHeight});
    cv::Mat3f warped;
    cv::Mat1f alpha, weight;
    cv::remap(values, warped, map, {}, cv::INTER_CUBIC, cv::BORDER_REPLICATE);
    cv::remap(person, alpha, map, {}, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
    cv::erode(alpha, weight, cv::getStructuringElement(cv::MORPH_ELLIPSE, {9, 9}));
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        const cv::Vec3f v = warped(y, x) * weight(y, x);
        for (int at : {x, kWidth - 1 - x}) {  // as it is, and mirrored
          sum.colour(y, at) += v;
          sum.weight(y, at) += weight(y, x);
          sum.alpha(y, at) += alpha(y, x);
        }
      }
    }
    std::cerr << "\rpicture " << ++done << " of " << samples.size() << std::flush;
  }
  std::cerr << "\n";
  const double count = 2.0 * static_cast<double>(samples.size());
  sum.colour /= count;
  sum.weight /= count;
  sum.alpha /= count;
  return sum;
}

cv::Mat1f cut_out(const Average& sum) {
  cv::Mat1f mask;
  cv::GaussianBlur(sum.alpha, mask, {}, 2.0);
  mask = cv::min(cv::max((mask - 0.5) / 0.25, 0), 1);
  cv::GaussianBlur(mask, mask, {}, 1.0);
  return mask;
}

// Averaged colours divided by their weight; where hardly anybody covers a pixel, the colours of
// the nearest place that is covered.
cv::Mat3f fill(const Average& sum, const cv::Mat1f& mask) {
  cv::Mat1f weight(sum.weight.size(), 0.F), inner;
  cv::erode(mask, inner, cv::getStructuringElement(cv::MORPH_ELLIPSE, {25, 25}));
  for (auto at = weight.begin(); at != weight.end(); ++at) {
    if (inner(at.pos()) > 0.5F && sum.weight(at.pos()) > 0.25F) *at = sum.weight(at.pos());
  }
  cv::Mat3f colour(sum.colour.size(), cv::Vec3f());
  sum.colour.copyTo(colour, weight > 0);
  const cv::Mat3f first_colour = colour.clone();
  const cv::Mat1f first_weight = weight.clone();
  for (double radius = 2; radius <= 256; radius *= 1.5) {
    cv::Mat3f c;
    cv::Mat1f w;
    cv::GaussianBlur(first_colour, c, {}, radius);
    cv::GaussianBlur(first_weight, w, {}, radius);
    for (auto at = weight.begin(); at != weight.end(); ++at) {
      if (*at > 0 || w(at.pos()) < 1e-2F) continue;
      colour(at.pos()) = c(at.pos());
      *at = w(at.pos());
    }
  }
  for (auto at = weight.begin(); at != weight.end(); ++at) {
    if (*at > 0) colour(at.pos()) /= *at;
  }
  return colour;
}

// The average on a plain backdrop. Some way around the head its own colours go on, so that a soft
// cut along the mask never picks up the backdrop.
cv::Mat finish(const Average& sum, const cv::Mat1f& mask) {
  const cv::Mat3f colour = fill(sum, mask);
  // Averaging blurs: give fine and middle detail some of its contrast back.
  cv::Mat3f fine, middle;
  cv::GaussianBlur(colour, fine, {}, 1.0);
  cv::GaussianBlur(colour, middle, {}, 3.0);
  cv::Mat3f sharp = colour + 0.9 * (colour - fine) + 0.35 * (colour - middle);
  cv::Mat1f near;
  cv::dilate(mask, near, cv::getStructuringElement(cv::MORPH_ELLIPSE, {13, 13}));
  cv::GaussianBlur(near, near, {}, 2.0);
  for (auto at = near.begin(); at != near.end(); ++at) {
    cv::Vec3f& c = sharp(at.pos());
    c = c * *at + cv::Vec3f::all(kBackdrop) * (1 - *at);
  }
  cv::Mat out;
  sharp.convertTo(out, CV_8UC3);
  return out;
}

Shape landmarks_of(const cv::Mat& picture, const fs::path& model) {
  const Shape points = LandmarkFinder(model)(picture, "the average");
  Shape even(68);
  const auto pair = mirror_pairs(kLandmarkRuns, 68);
  for (size_t i = 0; i < 68; ++i) {
    const cv::Point2d other = points[pair[i]];
    even[i] = (points[i] + cv::Point2d(kWidth - 1 - other.x, other.y)) * 0.5;
  }
  return even;
}

void write_landmarks(const fs::path& path, const Shape& points, size_t people) {
  std::ofstream out(path);
  out << "# Average of " << people
      << " people, each also mirrored: 68 landmarks (iBUG order), \"x y\" in pixels.\n"
         "# Made by faceperturb-average-face from: Face Research Lab London Set,\n"
         "# Lisa DeBruine and Benedict Jones, CC BY 4.0,\n"
         "# https://doi.org/10.6084/m9.figshare.5047666\n"
      << std::fixed << std::setprecision(1);
  for (const auto& p : points) out << p.x << ' ' << p.y << '\n';
  if (!out.flush()) throw std::runtime_error(path.string() + ": cannot be written");
}

void write_picture(const fs::path& path, const cv::Mat& picture) {
  if (!cv::imwrite(path.string(), picture,
                   {cv::IMWRITE_JPEG_QUALITY, kJpegQuality, cv::IMWRITE_PNG_COMPRESSION, 9})) {
    throw std::runtime_error(path.string() + ": cannot be written");
  }
}

void run(const fs::path& london, const fs::path& out, const fs::path& model) {
  if (!fs::is_directory(out)) throw std::runtime_error(out.string() + ": no such folder");
  const auto samples = find_samples(london / "neutral_front");
  std::cerr << samples.size() << " people, " << samples.front().points.size() << " points each\n";
  const Shape shape = average_shape(samples);
  const Average sum = average(samples, shape);
  const cv::Mat1f mask = cut_out(sum);
  const cv::Mat picture = finish(sum, mask);
  const Shape points = landmarks_of(picture, model);
  write_picture(out / "average-face.jpg", picture);
  write_picture(out / "average-face-mask.png", mask * 255);
  write_landmarks(out / "average-face.txt", points, samples.size());
  std::cerr << "written to " << out.string() << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::cerr << "usage: faceperturb-average-face LONDON_DIR OUT_DIR [LANDMARK_MODEL]\n";
    return 2;
  }
  try {
    run(argv[1], argv[2], argc == 4 ? argv[3] : kLandmarkModel);
  } catch (const std::exception& error) {
    std::cerr << "\nfaceperturb-average-face: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
