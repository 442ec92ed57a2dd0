// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <opencv2/core/mat.hpp>
#include <vector>

#include "frame/frame.h"

namespace faceperturb {

/// What faces are looked for in: a frame's brightness, reduced by a whole number so that its
/// shorter side is 270 to 539 pixels (smaller frames stay as they are), and with its contrast
/// raised where it is dark: in the dark, faces of a few grey levels are found that no detector
/// finds otherwise. All but plain() is made at the first call and not thread safe, so that whoever
/// has the frame spends little on it.
class Picture {
 public:
  Picture() = default;  ///< of nothing: read() comes first
  explicit Picture(const LumaView& luma) { read(luma); }
  /// Copies what it needs. The memory of the picture before is used again. `time`: of the frame,
  /// counted from anywhere.
  void read(const LumaView& luma, std::chrono::nanoseconds time = {});

  std::chrono::nanoseconds time() const { return time_; }
  /// Frame pixels per picture pixel, >= 1.
  int reduction() const { return reduction_; }
  cv::Size size() const { return plain_.size(); }
  /// The brightness as it was.
  const cv::Mat& plain() const { return plain_; }
  const cv::Mat& luma() const;
  /// Whether the contrast was raised: luma() is not plain() then.
  bool dark() const;
  LumaView view() const;
  /// The whole picture in a few pixels, CV_32F, less their mean, of length 1 (a flat one: all 0).
  const cv::Mat& thumbnail() const;
  /// The mean brightness, as it was, of every block, a quarter as wide as the smallest face: what a
  /// sensor's noise leaves as it is, and a face that comes or goes does not.
  const cv::Mat& block_means(int min_face_size) const;
  static int block_width(int min_face_size);  ///< pixels, and as many high
  /// Of a part, for optical flow (cv::buildOpticalFlowPyramid); kept until another part is wanted.
  const std::vector<cv::Mat>& pyramid(const cv::Rect& part) const;

 private:
  std::chrono::nanoseconds time_{};
  int reduction_ = 1;
  cv::Mat plain_;
  mutable cv::Mat luma_;
  mutable cv::Mat thumbnail_;
  mutable cv::Mat block_means_;
  mutable int block_ = 0;  // width
  mutable std::vector<cv::Mat> pyramid_;
  mutable cv::Rect part_;  // of which it is
};

/// By how many grey levels a block's mean may differ where nothing changed but a sensor's noise.
constexpr double block_noise = 3;

/// Whether the pictures of two thumbnails look as if they were of one shot.
bool alike(const cv::Mat& thumbnail, const cv::Mat& other);

}  // namespace faceperturb
