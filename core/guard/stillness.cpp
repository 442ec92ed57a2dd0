// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guard/stillness.h"

#include <opencv2/core.hpp>

namespace faceperturb {
namespace {

// Searches after which a detector that searches in turns has made all of them, and has given up
// looking more closely for a face that it knew (Detector::detect).
constexpr int all_searches = 12;
constexpr auto longest = std::chrono::seconds(1);  // from one search to the next

}  // namespace

bool Stillness::vouches_for(const Picture& picture, int min_face_size, Time now) {
  const cv::Mat& means = picture.block_means(min_face_size);
  const bool still = !picture.dark() && means.size() == reference_.size() &&
                     cv::norm(means, reference_, cv::NORM_INF) <= block_noise;
  if (still && searches_ >= all_searches && now - last_ < longest) return true;
  if (!still) {
    reference_ = means;
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
