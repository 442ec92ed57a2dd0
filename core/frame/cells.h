// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "frame/frame.h"

namespace faceperturb {

/// A cell's place in its grid.
struct Cell {
  std::uint16_t column;
  std::uint16_t row;
  friend bool operator==(const Cell&, const Cell&) = default;
};

/// The frame divided into cells, from its top left corner. A cell holds whole units of every plane,
/// so moving it moves all planes alike. Cells at the right and bottom edge may be cut by the frame;
/// cells are only ever exchanged with cells of the same shape.
struct CellGrid {
  int cell_width = 1;   ///< luma pixels
  int cell_height = 1;  ///< luma pixels
  int columns = 0;
  int rows = 0;
  bool cut_column = false;  ///< the last column is narrower than the others
  bool cut_row = false;     ///< the last row is lower than the others

  CellGrid() = default;
  /// `cell_size` (>= 1) is rounded up to the format's chroma sub-sampling.
  CellGrid(const Frame& frame, int cell_size);
  /// Cells of any size (>= 1): they hold whole units of some planes only.
  CellGrid(const Frame& frame, int width, int height);

  friend bool operator==(const CellGrid&, const CellGrid&) = default;

  int pixels_per_cell() const { return cell_width * cell_height; }
  /// 0 for whole cells; 1, 2, 3: cut at the right, at the bottom, at both.
  int shape(Cell cell) const {
    return (cut_column && cell.column == columns - 1 ? 1 : 0) +
           (cut_row && cell.row == rows - 1 ? 2 : 0);
  }
  std::size_t index(Cell cell) const {
    return static_cast<std::size_t>(cell.row) * static_cast<std::size_t>(columns) + cell.column;
  }
};

/// As many whole cells as hold `pixels` luma pixels.
std::size_t cells_for(const CellGrid& grid, int pixels);

/// Reorders `cells` by shape and returns the end of each shape's run, in the order of
/// CellGrid::shape(); runs may be empty. The order within them depends on that of `cells` alone, on
/// every machine: each cell of the shape, in turn, changes places with the first that is not.
std::array<std::size_t, 4> sort_by_shape(const CellGrid& grid, std::span<Cell> cells);

/// Overwrites `cells` with opaque black.
void cover(const Frame& frame, const CellGrid& grid, std::span<const Cell> cells);

/// Where the cells of one shape are in one plane.
struct PlaneCells {
  PlaneCells() = default;
  /// Those that have the shape of `one`, in plane `p`.
  PlaneCells(const Frame& frame, const CellGrid& grid, int p, Cell one);

  std::uint8_t* begin(Cell cell) const {
    return data + cell.row * row_bytes + cell.column * column_bytes;
  }

  std::uint8_t* data = nullptr;
  std::ptrdiff_t stride = 0;
  std::ptrdiff_t column_bytes = 0;  ///< from a cell to its right neighbour
  std::ptrdiff_t row_bytes = 0;     ///< from a cell to the one below
  int width = 0;                    ///< of a cell in units
  int height = 0;                   ///< of a cell in units
  int width_bytes = 0;              ///< of a row of a cell
};

/// Moves cells of one shape within a frame, in place and on all planes alike: the content of
/// `cells[from[i]]` comes to stand at `cells[i]`. `from` is a bijection of 0..cells.size()-1.
class CellMover {
 public:
  void permute(const Frame& frame, const CellGrid& grid, std::span<const Cell> cells,
               std::span<const std::uint32_t> from);

 private:
  std::vector<std::ptrdiff_t> offsets_;  // of the cells, from a plane's start
  std::vector<std::uint8_t> content_;
};

}  // namespace faceperturb
