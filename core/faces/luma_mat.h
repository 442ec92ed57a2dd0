// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <opencv2/core/mat.hpp>

#include "faces/geometry.h"
#include "frame/frame.h"

namespace faceperturb {

/// The same pixels as an OpenCV picture: nothing is copied, and nobody may write to it.
inline cv::Mat luma_mat(const LumaView& luma) {
  return {luma.height, luma.width, CV_8UC1, const_cast<std::uint8_t*>(luma.data),
          static_cast<std::size_t>(luma.stride)};
}

/// And back: a grey picture as the library takes it; valid as long as the picture.
inline LumaView luma_view(const cv::Mat& grey) {
  return {grey.data, grey.cols, grey.rows, static_cast<std::ptrdiff_t>(grey.step)};
}

/// The pixels of a box with `margin` (in box widths) around it; what lies beyond the picture's edge
/// repeats the edge. Empty where the box lies wholly outside.
cv::Mat cut_out(const cv::Mat& luma, const Rect& box, float margin);
/// The picture with `margin` more pixels on every side, which repeat its edge.
cv::Mat with_border(const cv::Mat& luma, int margin);
/// Less its mean and of length 1 (a flat picture: all 0), CV_32F: the product of two such pictures
/// is their correlation.
cv::Mat normalised(const cv::Mat& luma);

}  // namespace faceperturb
