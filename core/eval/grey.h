// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <opencv2/imgproc.hpp>

#include "frame/frame.h"

namespace faceperturb::eval {

/// 8-bit luma (BT.601) of a BGR picture; a grey one is not copied.
inline cv::Mat grey_of(const cv::Mat& picture) {
  if (picture.channels() == 1) return picture;
  cv::Mat grey;
  cv::cvtColor(picture, grey, cv::COLOR_BGR2GRAY);
  return grey;
}

/// A grey picture as the library takes it; valid as long as the picture.
inline LumaView luma_view(const cv::Mat& grey) {
  return {grey.data, grey.cols, grey.rows, static_cast<std::ptrdiff_t>(grey.step)};
}

}  // namespace faceperturb::eval
