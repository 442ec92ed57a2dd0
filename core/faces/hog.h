// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <opencv2/core/mat.hpp>
#include <optional>
#include <vector>

#include "faces/detector.h"

namespace faceperturb {

/// dlib's frontal face detector: histograms of oriented gradients and a linear classifier (Dalal
/// and Triggs, CVPR 2005; King, arXiv:1502.00046). Needs no file. Its window is 80 pixels, so the
/// picture is scaled by 80 / min_face_size first.
class Hog {
 public:
  Hog();
  ~Hog();

  /// Faces whose score is above `threshold`; 0 is dlib's own, lower finds more and errs more.
  std::vector<Detection> detect(const cv::Mat& luma, int min_face_size, float threshold = 0);
  /// The best face at `box`, or beside it by less than half of its width; nothing below
  /// `threshold`.
  std::optional<Detection> look_closely(const cv::Mat& luma, const Rect& box, float threshold);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace faceperturb
