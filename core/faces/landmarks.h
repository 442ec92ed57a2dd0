// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "faces/face.h"
#include "frame/frame.h"

namespace faceperturb {

/// A model file that cannot be used. what() names the file and the fault.
class ModelError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// dlib's ensemble of regression trees (Kazemi and Sullivan, CVPR 2014) for 68 landmarks.
class LandmarkPredictor {
 public:
  /// Reads a model such as Debian's libdlib-data has; throws ModelError.
  explicit LandmarkPredictor(const std::string& file);
  ~LandmarkPredictor();
  LandmarkPredictor(LandmarkPredictor&&) noexcept;
  LandmarkPredictor& operator=(LandmarkPredictor&&) noexcept;

  /// The landmarks of the face in `box`. May be called from several threads.
  Landmarks predict(const LumaView& luma, const Rect& box) const;

 private:
  struct Model;
  std::unique_ptr<const Model> model_;
};

}  // namespace faceperturb
