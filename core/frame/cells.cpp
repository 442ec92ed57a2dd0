// SPDX-License-Identifier: LGPL-2.1-or-later
#include "frame/cells.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace faceperturb {
namespace {

int round_up(int value, int multiple) { return (value + multiple - 1) / multiple * multiple; }

// `width` is the bytes in a row of a cell: a constant for the common sizes, so that memcpy becomes
// a move; any number otherwise.
template <typename Width>
void permute_plane(const PlaneCells& plane, Width width, std::span<const std::ptrdiff_t> offsets,
                   std::span<const std::uint32_t> from, std::uint8_t* content) {
  const auto bytes = static_cast<std::size_t>(width);
  const int height = plane.height;
  const std::ptrdiff_t stride = plane.stride;
  std::uint8_t* const data = plane.data;
  std::uint8_t* out = content;
  for (const std::ptrdiff_t offset : offsets) {
    const std::uint8_t* in = data + offset;
    for (int y = 0; y < height; ++y, in += stride, out += bytes) std::memcpy(out, in, bytes);
  }
  const std::size_t cell_bytes = bytes * static_cast<std::size_t>(height);
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    const std::uint8_t* in = content + from[i] * cell_bytes;
    std::uint8_t* to = data + offsets[i];
    for (int y = 0; y < height; ++y, in += bytes, to += stride) std::memcpy(to, in, bytes);
  }
}

template <int N>
using Bytes = std::integral_constant<int, N>;

void permute_plane(const PlaneCells& plane, std::span<const std::ptrdiff_t> offsets,
                   std::span<const std::uint32_t> from, std::uint8_t* content) {
  switch (plane.width_bytes) {
    case 1:
      return permute_plane(plane, Bytes<1>{}, offsets, from, content);
    case 2:
      return permute_plane(plane, Bytes<2>{}, offsets, from, content);
    case 3:
      return permute_plane(plane, Bytes<3>{}, offsets, from, content);
    case 4:
      return permute_plane(plane, Bytes<4>{}, offsets, from, content);
    default:
      return permute_plane<int>(plane, plane.width_bytes, offsets, from, content);
  }
}

}  // namespace

CellGrid::CellGrid(const Frame& frame, int cell_size)
    : CellGrid(frame, round_up(cell_size, frame.format->chroma_width()),
               round_up(cell_size, frame.format->chroma_height())) {}

CellGrid::CellGrid(const Frame& frame, int width, int height)
    : cell_width(width),
      cell_height(height),
      columns((frame.width + width - 1) / width),
      rows((frame.height + height - 1) / height),
      cut_column(frame.width % width != 0),
      cut_row(frame.height % height != 0) {}

std::size_t cells_for(const CellGrid& grid, int pixels) {
  const auto per_cell = static_cast<std::size_t>(grid.pixels_per_cell());
  return (static_cast<std::size_t>(std::max(0, pixels)) + per_cell - 1) / per_cell;
}

std::array<std::size_t, 4> sort_by_shape(const CellGrid& grid, std::span<Cell> cells) {
  std::array<std::size_t, 4> ends;
  ends.fill(cells.size());
  if (!grid.cut_column && !grid.cut_row) return ends;
  std::size_t rest = 0;
  for (int shape = 0; shape < 4; ++shape) {
    for (std::size_t i = rest; i < cells.size(); ++i)
      if (grid.shape(cells[i]) == shape) std::swap(cells[rest++], cells[i]);
    ends[static_cast<std::size_t>(shape)] = rest;
  }
  return ends;
}

void cover(const Frame& frame, const CellGrid& grid, std::span<const Cell> cells) {
  for (const Cell cell : cells)
    cover(frame, cell.column * grid.cell_width, cell.row * grid.cell_height, grid.cell_width,
          grid.cell_height);
}

PlaneCells::PlaneCells(const Frame& frame, const CellGrid& grid, int p, Cell one)
    : data(frame.planes[static_cast<std::size_t>(p)].data),
      stride(frame.planes[static_cast<std::size_t>(p)].stride) {
  const PlaneFormat& format = frame.format->planes[static_cast<std::size_t>(p)];
  const int across = grid.cell_width / format.unit_width;
  const int down = grid.cell_height / format.unit_height;
  column_bytes = std::ptrdiff_t{across} * format.unit_bytes;
  row_bytes = down * stride;
  width = std::min(across, frame.units_across(p) - one.column * across);
  height = std::min(down, frame.units_down(p) - one.row * down);
  width_bytes = width * format.unit_bytes;
}

void CellMover::permute(const Frame& frame, const CellGrid& grid, std::span<const Cell> cells,
                        std::span<const std::uint32_t> from) {
  if (cells.empty()) return;
  std::ptrdiff_t column_bytes = 0, row_bytes = 0;  // that offsets_ are of: many planes share them
  for (int p = 0; p < frame.format->plane_count; ++p) {
    const PlaneCells plane(frame, grid, p, cells.front());
    if (plane.column_bytes != column_bytes || plane.row_bytes != row_bytes) {
      column_bytes = plane.column_bytes;
      row_bytes = plane.row_bytes;
      offsets_.resize(cells.size());
      std::ranges::transform(cells, offsets_.begin(), [&](Cell cell) {
        return cell.row * row_bytes + cell.column * column_bytes;
      });
    }
    const auto cell_bytes =
        static_cast<std::size_t>(plane.width_bytes) * static_cast<std::size_t>(plane.height);
    content_.resize(std::max(content_.size(), cells.size() * cell_bytes));
    permute_plane(plane, offsets_, from, content_.data());
  }
}

}  // namespace faceperturb
