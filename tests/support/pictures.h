// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <opencv2/imgproc.hpp>

#include "frame/frame.h"

namespace faceperturb::test {

inline cv::Mat gray_of(const cv::Mat& bgr) {
  cv::Mat gray;
  cv::cvtColor(bgr, gray, cv::COLOR_BGR2GRAY);
  return gray;
}

/// The same pixels; nothing is copied.
inline LumaView view_of(const cv::Mat& gray) {
  return {gray.data, gray.cols, gray.rows, static_cast<std::ptrdiff_t>(gray.step)};
}

}  // namespace faceperturb::test
