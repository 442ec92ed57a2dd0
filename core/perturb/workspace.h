// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "frame/cells.h"
#include "frame/patch.h"
#include "perturb/average.h"
#include "perturb/cae_filter.h"

namespace faceperturb {

/// What methods keep from frame to frame: memory, and where `average` put its faces. One serves one
/// stream.
struct Workspace {
  CellMover mover;
  std::vector<std::uint32_t> from;
  std::vector<std::uint32_t> inverse;
  Patch patch;
  AverageArranger average;
  CaeFilter cae;
};

}  // namespace faceperturb
