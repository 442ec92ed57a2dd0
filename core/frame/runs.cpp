// SPDX-License-Identifier: LGPL-2.1-or-later
#include "frame/runs.h"

#include <algorithm>

namespace faceperturb {

void find_runs(std::span<Cell> cells, std::vector<CellRun>& runs) {
  const auto place = [](Cell cell) { return std::uint32_t{cell.row} << 16 | cell.column; };
  if (!std::ranges::is_sorted(cells, {}, place)) std::ranges::sort(cells, {}, place);
  runs.clear();
  for (auto cell = cells.begin(); cell != cells.end();) {
    const auto first = cell;
    do ++cell;
    while (cell != cells.end() && place(*cell) == place(*first) + (cell - first));
    runs.push_back({*first, static_cast<std::uint16_t>(cell - first)});
  }
}

std::array<std::size_t, 4> finer_runs(std::span<const CellRun> runs, const CellGrid& grid,
                                      int across, int down, std::vector<CellRun>& finer) {
  finer.clear();
  for (const CellRun& run : runs) {
    const int left = run.first.column * across;
    const int right = std::min((run.first.column + run.count) * across, grid.columns);
    const int bottom = std::min((run.first.row + 1) * down, grid.rows);
    const int whole = right - (grid.cut_column && right == grid.columns ? 1 : 0);
    for (int y = run.first.row * down; y < bottom; ++y) {
      const auto add = [&](int from, int to) {
        if (from < to)
          finer.push_back({{static_cast<std::uint16_t>(from), static_cast<std::uint16_t>(y)},
                           static_cast<std::uint16_t>(to - from)});
      };
      add(left, whole);
      add(whole, right);
    }
  }
  std::array<std::size_t, 4> ends;
  ends.fill(finer.size());
  if (!grid.cut_column && !grid.cut_row) return ends;
  auto rest = finer.begin();
  for (int shape = 0; shape < 4; ++shape) {
    rest = std::partition(rest, finer.end(),
                          [&](const CellRun& run) { return grid.shape(run.first) == shape; });
    ends[static_cast<std::size_t>(shape)] = static_cast<std::size_t>(rest - finer.begin());
  }
  return ends;
}

std::size_t count_cells(std::span<const CellRun> runs) {
  std::size_t count = 0;
  for (const CellRun& run : runs) count += run.count;
  return count;
}

}  // namespace faceperturb
