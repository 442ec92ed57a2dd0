// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <opencv2/core/mat.hpp>
#include <vector>

#include "frame/frame.h"

namespace faceperturb {

/// What faces are looked for in: a frame's brightness, reduced by a whole number so that its
/// shorter side is 270 to 539 pixels (smaller frames stay as they are), and with its contrast
/// raised where it is dark: in the dark, faces of a few grey levels are found that no detector
/// finds otherwise.
class Picture {
 public:
  /// Copies what it needs.
  explicit Picture(const LumaView& luma);

  const cv::Mat& luma() const { return luma_; }
  /// Frame pixels per picture pixel, >= 1.
  int reduction() const { return reduction_; }
  /// Whether the contrast was raised.
  bool dark() const { return dark_; }
  LumaView view() const;
  /// The whole picture in a few pixels; made at the first call. Not thread safe.
  const cv::Mat& thumbnail() const;
  /// For optical flow (cv::buildOpticalFlowPyramid); made at the first call. Not thread safe.
  const std::vector<cv::Mat>& pyramid() const;

 private:
  cv::Mat luma_;
  int reduction_;
  bool dark_ = false;
  mutable cv::Mat thumbnail_;
  mutable std::vector<cv::Mat> pyramid_;
};

/// Whether the pictures of two thumbnails look as if they were of one shot.
bool alike(const cv::Mat& thumbnail, const cv::Mat& other);

}  // namespace faceperturb
