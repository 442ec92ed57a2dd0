// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "frame/cells.h"
#include "perturb/random.h"

namespace faceperturb {

enum class Method { shuffle };

/// What every method works with; the memory is kept from frame to frame.
struct Workspace {
  CellMover mover;
  std::vector<std::uint32_t> from;
};

/// One method. `apply` changes the cells of one face in place and nothing else; it may reorder the
/// list of cells.
struct MethodInfo {
  Method method;
  std::string_view name;
  std::string_view description;
  void (*apply)(const Frame& frame, const CellGrid& grid, std::span<Cell> cells,
                RandomStream& random, Workspace& workspace);
};

/// Every method, in the order of the enumeration. Options, documentation and tests are driven by
/// it.
std::span<const MethodInfo> methods();
const MethodInfo& method_info(Method method);

}  // namespace faceperturb
