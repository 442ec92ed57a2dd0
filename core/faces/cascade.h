// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <opencv2/objdetect.hpp>
#include <span>
#include <string>
#include <vector>

#include "faces/detector.h"

namespace faceperturb {

/// One boosted cascade (Viola and Jones, CVPR 2001) of Debian's package opencv-data, and how its
/// boxes relate to those of a face from brows to chin.
class Cascade {
 public:
  struct Kind {
    const char* file;  ///< in the folder of haarcascades
    bool frontal;
    float size;         ///< face width over box width
    float right, down;  ///< from the box's middle to the face's, in box widths
  };
  static const Kind frontal, frontal_eager, profile;

  /// Throws ModelError.
  explicit Cascade(const Kind& kind);

  /// Faces of at least `min_face_size` pixels that `neighbours` windows agree on; score is their
  /// number. A profile cascade knows faces that look to the picture's left; `mirrored` finds the
  /// others.
  std::vector<Detection> detect(const cv::Mat& luma, int min_face_size, int neighbours,
                                bool mirrored = false);

 private:
  const Kind& kind_;
  cv::CascadeClassifier classifier_;
  cv::Mat flipped_;
};

}  // namespace faceperturb
