// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>

#include "faces/geometry.h"

namespace faceperturb {

/// 68 points in iBUG 300-W order: 0-16 jaw, 17-21 and 22-26 brows, 27-35 nose, 36-41 and 42-47
/// eyes, 48-67 mouth. Left and right are the picture's.
using Landmarks = std::array<Point, 68>;

/// One detected person's face in one frame.
struct Face {
  Rect box;         ///< as the detector gave it: about brows to chin
  float score = 0;  ///< the detector's; larger is surer, the scale is the detector's own
  Landmarks landmarks;
};

}  // namespace faceperturb
