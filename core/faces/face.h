// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "faces/geometry.h"

namespace faceperturb {

/// 68 points in iBUG 300-W order: 0-16 jaw, 17-21 and 22-26 brows, 27-35 nose, 36-41 and 42-47
/// eyes, 48-67 mouth. Left and right are the picture's.
using Landmarks = std::array<Point, 68>;

/// One person's face in one frame.
struct Face {
  std::uint32_t id = 0;  ///< the same in every frame of one track; 0: not tracked
  Rect box;              ///< about brows to chin
  float score = 0;  ///< of the last detection; larger is surer, the scale is the detector's own
  /// None where no landmarks can be trusted (seen from the side, implausible): the whole box is
  /// protected then, whatever regions are chosen.
  std::optional<Landmarks> landmarks{};
  float growth = 0;  ///< luma pixels by which the place is uncertain: every region is widened by it
  bool held = false;  ///< lost, and protected where it was last
};

}  // namespace faceperturb
