// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "frame/cells.h"

namespace faceperturb {

/// Calls `visit(bytes, unit's bytes)` for every row of bytes of every run of cells that stand side
/// by side, plane after plane. `cells` are row by row.
template <typename Visit>
void for_each_row(const Frame& frame, const CellGrid& grid, std::span<const Cell> cells,
                  Visit visit) {
  for (int p = 0; p < frame.format->plane_count; ++p) {
    const PlaneFormat& format = frame.format->planes[static_cast<std::size_t>(p)];
    const Plane& plane = frame.planes[static_cast<std::size_t>(p)];
    const int across = grid.cell_width / format.unit_width;
    const int down = grid.cell_height / format.unit_height;
    for (std::size_t i = 0, end = 0; i < cells.size(); i = end) {
      for (end = i + 1; end < cells.size() && cells[end].row == cells[i].row &&
                        cells[end].column == cells[end - 1].column + 1;)
        ++end;
      const int left = cells[i].column * across;
      const int right = std::min(left + static_cast<int>(end - i) * across, frame.units_across(p));
      const int bottom = std::min((cells[i].row + 1) * down, frame.units_down(p));
      for (int y = cells[i].row * down; y < bottom; ++y)
        visit(std::span(plane.data + y * plane.stride + left * format.unit_bytes,
                        static_cast<std::size_t>((right - left) * format.unit_bytes)),
              format.unit_bytes);
    }
  }
}

}  // namespace faceperturb
