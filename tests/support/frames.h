// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "frame/cells.h"
#include "frame/frame.h"

namespace faceperturb::test {

struct Size {
  int width;
  int height;
};

/// The smallest size there is, and odd ones; the sizes of the checklist.
inline constexpr Size sizes[] = {{16, 16}, {17, 19}, {321, 241}, {33, 16}};
inline constexpr int cell_sizes[] = {1, 2, 3, 8, 16};

/// A name for SCOPED_TRACE, such as "NV12 17x19".
std::string describe(const FormatInfo& format, Size size);

/// A picture in memory of its own, in one block: `padding` bytes after every row and between the
/// planes. Starts as random bytes, the same for the same arguments.
class TestFrame {
 public:
  TestFrame(const FormatInfo& format, Size size, std::size_t padding = 0);

  const Frame& view() const { return view_; }
  std::vector<std::uint8_t> bytes;

 private:
  Frame view_;
};

/// Calls `visit(plane, x, y, unit)` for every unit of every plane; `unit` points to its bytes.
template <typename Visit>
void for_each_unit(const Frame& frame, Visit visit) {
  for (int p = 0; p < frame.format->plane_count; ++p) {
    const auto& plane = frame.planes[static_cast<std::size_t>(p)];
    for (int y = 0; y < frame.units_down(p); ++y)
      for (int x = 0; x < frame.units_across(p); ++x)
        visit(p, x, y,
              plane.data + y * plane.stride +
                  x * frame.format->planes[static_cast<std::size_t>(p)].unit_bytes);
  }
}

/// The cell that a unit of plane `p` belongs to, worked out from luma positions alone.
Cell cell_of(const Frame& frame, const CellGrid& grid, int p, int x, int y);

/// Every cell of a grid.
std::vector<Cell> all_cells(const CellGrid& grid);

/// For each byte of `memory`: does it belong to a unit that is chosen, by (plane, x, y)?
template <typename Chosen>
std::vector<bool> mark_bytes(const Frame& frame, std::span<const std::uint8_t> memory,
                             Chosen chosen) {
  std::vector<bool> marks(memory.size(), false);
  for_each_unit(frame, [&](int p, int x, int y, const std::uint8_t* unit) {
    if (!chosen(p, x, y)) return;
    const auto first = unit - memory.data();
    for (int i = 0; i < frame.format->planes[static_cast<std::size_t>(p)].unit_bytes; ++i)
      marks.at(static_cast<std::size_t>(first + i)) = true;
  });
  return marks;
}
/// Those of the picture (not of padding).
std::vector<bool> picture_bytes(const Frame& frame, std::span<const std::uint8_t> memory);
/// Those of the picture in `cells`.
std::vector<bool> cell_bytes(const Frame& frame, std::span<const std::uint8_t> memory,
                             const CellGrid& grid, std::span<const Cell> cells);

/// How many bytes differ where `allowed` is false, and where it is true.
struct Difference {
  std::size_t outside = 0;
  std::size_t inside = 0;
};
Difference compare(std::span<const std::uint8_t> before, std::span<const std::uint8_t> after,
                   const std::vector<bool>& allowed);

/// The content of a cell on all planes, concatenated.
std::vector<std::string> cell_contents(const Frame& frame, const CellGrid& grid);

}  // namespace faceperturb::test
