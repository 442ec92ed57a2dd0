// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <string>

#include "faces/detector.h"
#include "faces/face.h"
#include "frame/frame.h"

namespace faceperturb {

/// dlib's ensemble of regression trees (Kazemi and Sullivan, CVPR 2014) for 68 landmarks.
class LandmarkPredictor {
 public:
  /// Reads a model such as Debian's libdlib-data has; throws ModelError.
  explicit LandmarkPredictor(const std::string& file);

  /// The landmarks of the face in `box`, to a fraction of a pixel. May be called from several
  /// threads.
  Landmarks predict(const LumaView& luma, const Rect& box) const;

 private:
  struct Model;
  std::shared_ptr<const Model> model_;  // one copy in a process, for it takes 100 MB
};

/// Whether landmarks look like a face that fills `box`: eyes apart, nose and mouth below them, all
/// near the box. What is not plausible must not decide what is protected.
bool plausible(const Landmarks& landmarks, const Rect& box);

/// Whether landmarks lie where a detector saw eyes, nose and mouth: each within a quarter of the
/// box's width.
bool agree(const Landmarks& landmarks, const FivePoints& points, const Rect& box);

}  // namespace faceperturb
