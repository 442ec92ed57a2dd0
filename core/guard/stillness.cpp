// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guard/stillness.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

namespace faceperturb {
namespace {

// Searches after which a detector that searches in turns has made all of them, and has given up
// looking more closely for a face that it knew (Detector::detect).
constexpr int all_searches = 12;
constexpr auto longest = std::chrono::seconds(1);  // from one search to the next
constexpr double noise = 3;                        // grey levels, of a block's mean

}  // namespace

bool Stillness::vouches_for(const Picture& picture, int min_face_size, Time now) {
  const int block = std::clamp(min_face_size / 4, 2, 16);
  const cv::Size size((picture.size().width + block - 1) / block,
                      (picture.size().height + block - 1) / block);
  cv::Mat means;
  cv::resize(picture.plain(), means, size, 0, 0, cv::INTER_AREA);
  const bool still = !picture.dark() && block == block_ && means.size() == reference_.size() &&
                     cv::norm(means, reference_, cv::NORM_INF) <= noise;
  if (still && searches_ >= all_searches && now - last_ < longest) return true;
  if (!still) {
    reference_ = means;
    block_ = block;
    searches_ = 0;
  }
  last_ = now;
  return false;
}

void Stillness::searched(bool found_nothing) {
  if (found_nothing)
    ++searches_;
  else
    reset();
}

void Stillness::reset() {
  reference_.release();
  searches_ = 0;
}

}  // namespace faceperturb
