// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "faces/face.h"
#include "frame/cells.h"
#include "regions/outline.h"

namespace faceperturb {

/// A face's outlines, and where they were drawn.
struct DrawnOutlines {
  std::vector<Outline> outlines;
  CellGrid grid;            ///< on which they were drawn; without cells: on none so far
  std::vector<Cell> cells;  ///< of the grid, that they touch
};

/// Keeps the outlines of tracks from jittering: they are a little wider than region_outlines() has
/// them, and stay where they are while those are within. An edge that moves with every landmark
/// costs an encoder much.
class OutlineKeeper {
 public:
  void start_frame();

  /// Those of `face`: never less than region_outlines() says, and just these where it has no id.
  /// They are drawn in dots of `dot` luma pixels: by so much a drawn edge can be off. Whoever draws
  /// them leaves it there for as long as they stay. Valid until the next call.
  DrawnOutlines& outlines(const Face& face, Regions regions, int dot);

 private:
  struct Kept {
    DrawnOutlines drawn;
    std::uint64_t used = 0;  // the frame
  };

  std::unordered_map<std::uint64_t, Kept> kept_;  // by Face::id and regions
  DrawnOutlines now_;
  std::uint64_t frames_ = 0;
};

}  // namespace faceperturb
