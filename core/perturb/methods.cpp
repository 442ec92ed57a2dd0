// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perturb/methods.h"

#include <array>

#include "perturb/permutation.h"

namespace faceperturb {
namespace {

void shuffle(const Frame& frame, const CellGrid& grid, std::span<Cell> cells, RandomStream& random,
             Workspace& workspace) {
  std::size_t begin = 0;
  for (const std::size_t end : sort_by_shape(grid, cells)) {
    const auto run = cells.subspan(begin, end - begin);
    random_permutation(run.size(), random, workspace.from);
    workspace.mover.permute(frame, grid, run, workspace.from);
    begin = end;
  }
}

constexpr std::array table{
    MethodInfo{Method::shuffle, "shuffle",
               "Random permutation of the cells, a new one for every face and frame", shuffle},
};

}  // namespace

std::span<const MethodInfo> methods() { return table; }

const MethodInfo& method_info(Method method) { return table[static_cast<std::size_t>(method)]; }

}  // namespace faceperturb
