// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/frames.h"

namespace faceperturb::test {

std::string describe(const FormatInfo& format, Size size) {
  return std::string(format.name) + " " + std::to_string(size.width) + "x" +
         std::to_string(size.height);
}

TestFrame::TestFrame(const FormatInfo& format, Size size, std::size_t padding)
    : view_{&format, size.width, size.height, {}} {
  std::array<std::size_t, 3> starts{};
  std::size_t end = padding;
  for (int p = 0; p < format.plane_count; ++p) {
    const auto i = static_cast<std::size_t>(p);
    starts[i] = end;
    const auto stride =
        static_cast<std::size_t>(view_.units_across(p) * format.planes[i].unit_bytes) + padding;
    view_.planes[i].stride = static_cast<std::ptrdiff_t>(stride);
    end += stride * static_cast<std::size_t>(view_.units_down(p)) + padding;
  }
  bytes.resize(end);
  std::minstd_rand random(static_cast<unsigned>(end));
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random() >> 8);
  for (std::size_t i = 0; i < static_cast<std::size_t>(format.plane_count); ++i)
    view_.planes[i].data = bytes.data() + starts[i];
  if (format.sample_bytes == 1) return;
  for_each_unit(view_, [&](int p, int, int, std::uint8_t* unit) {
    const auto& layout = format.planes[static_cast<std::size_t>(p)];
    for (int i = 0; i < layout.unit_bytes; i += 2) {  // only numbers that the format has
      const int number = (unit[i] | unit[i + 1] << 8) & format.sample_max() << format.sample_shift;
      unit[i] = static_cast<std::uint8_t>(number);
      unit[i + 1] = static_cast<std::uint8_t>(number >> 8);
    }
  });
}

Cell cell_of(const Frame& frame, const CellGrid& grid, int p, int x, int y) {
  const auto& layout = frame.format->planes[static_cast<std::size_t>(p)];
  return {static_cast<std::uint16_t>(x * layout.unit_width / grid.cell_width),
          static_cast<std::uint16_t>(y * layout.unit_height / grid.cell_height)};
}

std::vector<Cell> all_cells(const CellGrid& grid) {
  std::vector<Cell> cells;
  for (int row = 0; row < grid.rows; ++row)
    for (int column = 0; column < grid.columns; ++column)
      cells.push_back({static_cast<std::uint16_t>(column), static_cast<std::uint16_t>(row)});
  return cells;
}

std::vector<bool> picture_bytes(const Frame& frame, std::span<const std::uint8_t> memory) {
  return mark_bytes(frame, memory, [](int, int, int) { return true; });
}

std::vector<bool> cell_bytes(const Frame& frame, std::span<const std::uint8_t> memory,
                             const CellGrid& grid, std::span<const Cell> cells) {
  const auto count = static_cast<std::size_t>(grid.columns) * static_cast<std::size_t>(grid.rows);
  std::vector<bool> chosen(count, false);
  for (const Cell cell : cells) chosen[grid.index(cell)] = true;
  return mark_bytes(frame, memory, [&](int p, int x, int y) {
    return chosen[grid.index(cell_of(frame, grid, p, x, y))];
  });
}

Difference compare(std::span<const std::uint8_t> before, std::span<const std::uint8_t> after,
                   const std::vector<bool>& allowed) {
  Difference difference;
  for (std::size_t i = 0; i < before.size(); ++i)
    if (before[i] != after[i]) ++(allowed[i] ? difference.inside : difference.outside);
  return difference;
}

std::vector<std::string> cell_contents(const Frame& frame, const CellGrid& grid) {
  std::vector<std::string> contents(static_cast<std::size_t>(grid.columns) *
                                    static_cast<std::size_t>(grid.rows));
  for_each_unit(frame, [&](int p, int x, int y, const std::uint8_t* unit) {
    const auto bytes = frame.format->planes[static_cast<std::size_t>(p)].unit_bytes;
    contents[grid.index(cell_of(frame, grid, p, x, y))].append(reinterpret_cast<const char*>(unit),
                                                               static_cast<std::size_t>(bytes));
  });
  return contents;
}

}  // namespace faceperturb::test
