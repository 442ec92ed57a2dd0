// SPDX-License-Identifier: LGPL-2.1-or-later
#include "frame/runs.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/frames.h"

namespace faceperturb::test {
namespace {

std::vector<Cell> cells_of(std::span<const CellRun> runs) {
  std::vector<Cell> cells;
  for (const CellRun& run : runs)
    for (int i = 0; i < run.count; ++i)
      cells.push_back({static_cast<std::uint16_t>(run.first.column + i), run.first.row});
  return cells;
}

TEST(Runs, JoinNeighboursOfOneRowInAnyOrder) {
  std::vector<Cell> cells{{7, 1}, {3, 0}, {5, 1}, {4, 0}, {4, 1}, {0, 2}, {65535, 2}};
  std::vector<CellRun> runs{{{9, 9}, 9}};
  find_runs(cells, runs);
  EXPECT_EQ(runs, (std::vector<CellRun>{
                      {{3, 0}, 2}, {{4, 1}, 2}, {{7, 1}, 1}, {{0, 2}, 1}, {{65535, 2}, 1}}));
  EXPECT_EQ(count_cells(runs), cells.size());
  find_runs({}, runs);
  EXPECT_TRUE(runs.empty());
}

// Every other cell of the coarse grid in a chequer of 1, 2, 3 ... cells.
std::vector<Cell> some_cells(const CellGrid& grid) {
  std::vector<Cell> cells = all_cells(grid);
  std::erase_if(cells, [](Cell cell) { return (cell.column / 3 + cell.row) % 2 == 0; });
  return cells;
}

TEST(Runs, FinerOnesAreInTheSamePlaceAndOfOneShape) {
  for (const Size size : sizes) {
    for (const int cell_size : cell_sizes) {
      for (const int parts : {1, 2}) {
        if (cell_size % parts != 0) continue;
        TestFrame frame(format_info(PixelFormat::gray8), size, 5);
        const CellGrid coarse(frame.view(), cell_size), grid(frame.view(), cell_size / parts);
        SCOPED_TRACE(describe(*frame.view().format, size) + " " + std::to_string(cell_size));
        std::vector<Cell> cells = some_cells(coarse);
        std::vector<CellRun> runs, finer;
        find_runs(cells, runs);
        const auto ends = finer_runs(runs, grid, parts, parts, finer);
        ASSERT_EQ(ends.back(), finer.size());

        std::vector<std::size_t> found, wanted;
        for (const Cell cell : cells_of(finer)) found.push_back(grid.index(cell));
        for (const Cell cell : all_cells(grid)) {
          const Cell whole{static_cast<std::uint16_t>(cell.column / parts),
                           static_cast<std::uint16_t>(cell.row / parts)};
          if (std::ranges::find(cells, whole) != cells.end()) wanted.push_back(grid.index(cell));
        }
        std::ranges::sort(found);
        std::ranges::sort(wanted);
        EXPECT_EQ(found, wanted);
        std::size_t begin = 0;
        for (int shape = 0; shape < 4; ++shape) {
          const std::size_t end = ends[static_cast<std::size_t>(shape)];
          for (const Cell cell : cells_of(std::span(finer).subspan(begin, end - begin)))
            EXPECT_EQ(grid.shape(cell), shape);
          begin = end;
        }
      }
    }
  }
}

}  // namespace
}  // namespace faceperturb::test
