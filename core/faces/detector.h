// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <vector>

#include "faces/geometry.h"
#include "frame/frame.h"

namespace faceperturb {

struct Detection {
  Rect box;
  float score = 0;
};

/// Finds faces in a picture. Not thread safe: one detector serves one thread at a time.
class Detector {
 public:
  virtual ~Detector() = default;
  /// Faces whose box is about `min_face_size` luma pixels (>= 8) or larger, surest first.
  virtual std::vector<Detection> detect(const LumaView& luma, int min_face_size) = 0;
};

/// dlib's frontal face detector: histograms of oriented gradients and a linear classifier (Dalal
/// and Triggs 2005; King 2015, arXiv:1502.00046). Needs no file. Its window is 80 pixels, so the
/// picture is scaled by 80 / min_face_size first.
std::unique_ptr<Detector> make_hog_detector();

/// The smallest face that is looked for in a frame of this size unless told otherwise.
int default_min_face_size(int width, int height);

}  // namespace faceperturb
