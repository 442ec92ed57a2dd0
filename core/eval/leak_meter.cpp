// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/leak_meter.h"

#include <algorithm>
#include <array>
#include <limits>
#include <opencv2/core.hpp>

namespace faceperturb::eval {
namespace {

constexpr double least_share = 0.5;  // of the core, below which a face counts as clear
constexpr double featureless = 0.1;  // chance that two pixels differ, below which there is no face
constexpr float margin = 0.15F;      // of the face's size, on each side: no part of the background

cv::Rect part(const Rect& face, float left, float top, float width, float height, cv::Size frame) {
  const cv::Rect2f area(face.x + left * face.width, face.y + top * face.height, width * face.width,
                        height * face.height);
  return cv::Rect(area) & cv::Rect({}, frame);
}

double changed_share(const cv::Mat& before, const cv::Mat& after) {
  std::array<double, 256> histogram{};
  for (int y = 0; y < before.rows; ++y)
    for (int x = 0; x < before.cols; ++x) ++histogram[before.at<std::uint8_t>(y, x)];
  const double n = static_cast<double>(before.total());
  double equal = 0;
  for (const double count : histogram) equal += count / n * (count / n);
  if (1 - equal < featureless) return 1;
  return cv::countNonZero(before != after) / n / (1 - equal);
}

}  // namespace

bool leaked(const cv::Mat& before, const cv::Mat& after, const Rect& face) {
  const cv::Rect core = part(face, 0.2F, 0.1F, 0.6F, 0.7F, before.size());
  return core.area() > 0 && changed_share(before(core), after(core)) < least_share;
}

void LeakMeter::add(const cv::Mat& before, const cv::Mat& after, const std::optional<Rect>& face,
                    std::uint32_t track) {
  ++count_.frames;
  cv::Mat background = before != after;
  outside_ += static_cast<double>(background.total());
  bool clear = false;
  if (face) {
    ++count_.faces;
    clear = leaked(before, after, *face);
    const cv::Rect around =
        part(*face, -margin, -margin, 1 + 2 * margin, 1 + 2 * margin, before.size());
    background(around) = 0;
    outside_ -= around.area();
    if (track != 0) {
      count_.switches += track_ != 0 && track != track_;
      track_ = track;
    }
  }
  touched_ += cv::countNonZero(background);
  count_.leaks += clear;
  run_ = clear ? run_ + 1 : 0;
  count_.longest = std::max(count_.longest, run_);
}

LeakCount LeakMeter::count() const {
  LeakCount result = count_;
  result.touched = outside_ > 0 ? touched_ / outside_ : std::numeric_limits<double>::quiet_NaN();
  return result;
}

}  // namespace faceperturb::eval
