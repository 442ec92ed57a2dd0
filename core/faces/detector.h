// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "faces/geometry.h"

namespace faceperturb {

class Picture;

/// Eyes, nose tip and mouth corners, in the order: the picture's left eye, its right eye, nose,
/// left corner, right corner.
using FivePoints = std::array<Point, 5>;

struct Detection {
  Rect box;  ///< brows to chin, about square: every detector's own convention is brought to this
  float score = 0;  ///< larger is surer; the scale is the detector's own
  /// Whether one sighting is enough; otherwise a face must be seen again before it counts.
  bool sure = true;
  /// Whether 68 landmarks can be fitted: false for a face that is seen from the side.
  bool frontal = true;
  std::optional<FivePoints> points{};
};

/// A file that cannot be used. what() names the file and the fault.
class ModelError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Finds faces in a picture. Not thread safe: one detector serves one thread at a time.
class Detector {
 public:
  virtual ~Detector() = default;
  /// Faces whose box is about `min_face_size` (>= 8) or larger, surest first; all in picture
  /// pixels. A detector may search in turns: twelve calls make all of them (guard/stillness.h).
  virtual std::vector<Detection> detect(const Picture& picture, int min_face_size) = 0;
  /// The next picture has nothing to do with those before.
  virtual void forget() {}
};

enum class DetectorKind { automatic, hog, cascade, dnn, upstream };

/// One kind of detector. `make` throws ModelError where the file, or one that Debian has, is of no
/// use; nullptr where the faces come from outside.
struct DetectorInfo {
  DetectorKind kind;
  std::string_view name;
  std::string_view description;
  std::unique_ptr<Detector> (*make)(const std::string& model);
};

/// Every kind, in the order of the enumeration; options and documentation are driven by it.
std::span<const DetectorInfo> detectors();
const DetectorInfo& detector_info(DetectorKind kind);

/// The smallest face that is looked for in a frame of this size unless told otherwise.
int default_min_face_size(int width, int height);

}  // namespace faceperturb
