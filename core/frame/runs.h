// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "frame/cells.h"

namespace faceperturb {

/// Cells side by side in one row. What walks along a run needs no multiplication for each cell.
struct CellRun {
  Cell first;
  std::uint16_t count;  ///< >= 1
  friend bool operator==(const CellRun&, const CellRun&) = default;
};

/// Sorts `cells`, all of them different, by row and column, and joins them to runs.
void find_runs(std::span<Cell> cells, std::vector<CellRun>& runs);

/// Runs of `grid`, which has `across` x `down` cells for each cell of `runs`, in the same place;
/// each of one shape. Returns the end of each shape's, in the order of CellGrid::shape().
std::array<std::size_t, 4> finer_runs(std::span<const CellRun> runs, const CellGrid& grid,
                                      int across, int down, std::vector<CellRun>& finer);

std::size_t count_cells(std::span<const CellRun> runs);

}  // namespace faceperturb
