// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <opencv2/core/mat.hpp>

#include "frame/frame.h"

namespace faceperturb {

/// The same pixels as an OpenCV picture: nothing is copied, and nobody may write to it.
inline cv::Mat luma_mat(const LumaView& luma) {
  return {luma.height, luma.width, CV_8UC1, const_cast<std::uint8_t*>(luma.data),
          static_cast<std::size_t>(luma.stride)};
}

}  // namespace faceperturb
