// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <opencv2/imgproc.hpp>

#include "faces/luma_mat.h"

namespace faceperturb::eval {

/// 8-bit luma (BT.601) of a BGR picture; a grey one is not copied.
inline cv::Mat grey_of(const cv::Mat& picture) {
  if (picture.channels() == 1) return picture;
  cv::Mat grey;
  cv::cvtColor(picture, grey, cv::COLOR_BGR2GRAY);
  return grey;
}

using faceperturb::luma_view;

}  // namespace faceperturb::eval
