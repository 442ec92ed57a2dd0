// SPDX-License-Identifier: LGPL-2.1-or-later
#include "frame/cells.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "perturb/permutation.h"
#include "support/frames.h"
#include "support/random.h"

namespace faceperturb::test {
namespace {

std::string describe(const TestFrame& frame, const CellGrid& grid) {
  return test::describe(*frame.view().format, {frame.view().width, frame.view().height}) +
         " cells of " + std::to_string(grid.cell_width) + "x" + std::to_string(grid.cell_height);
}

// Calls `check(frame, grid)` for every format, size and cell size.
template <typename Check>
void for_each_grid(Check check) {
  for (const auto& format : formats()) {
    for (const Size size : sizes) {
      for (const int cell_size : cell_sizes) {
        TestFrame frame(format, size, 5);
        const CellGrid grid(frame.view(), cell_size);
        SCOPED_TRACE(describe(frame, grid));
        check(frame, grid, cell_size);
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  }
}

// Permutes `cells` of any shapes: each shape among themselves. `visit(run, from)` does it.
template <typename Visit>
void for_each_run(const CellGrid& grid, std::span<Cell> cells, std::uint32_t seed, Visit visit) {
  const Secret secret = fixed_secret();
  RandomStream random(secret, 0, seed);
  std::vector<std::uint32_t> from;
  std::size_t begin = 0;
  for (const std::size_t end : sort_by_shape(grid, cells)) {
    const auto run = cells.subspan(begin, end - begin);
    random_permutation(run.size(), random, from);
    visit(run, from);
    begin = end;
  }
}

TEST(CellGrid, RoundsCellsUpToTheChromaAndCoversTheFrame) {
  for_each_grid([](const TestFrame& frame, const CellGrid& grid, int cell_size) {
    const auto& view = frame.view();
    EXPECT_EQ(grid.cell_width % view.format->chroma_width(), 0);
    EXPECT_EQ(grid.cell_height % view.format->chroma_height(), 0);
    EXPECT_GE(grid.cell_width, cell_size);
    EXPECT_LT(grid.cell_width, cell_size + view.format->chroma_width());
    EXPECT_GE(grid.cell_height, cell_size);
    EXPECT_LT(grid.cell_height, cell_size + view.format->chroma_height());
    EXPECT_GE(grid.columns * grid.cell_width, view.width);
    EXPECT_LT((grid.columns - 1) * grid.cell_width, view.width);
    EXPECT_GE(grid.rows * grid.cell_height, view.height);
    EXPECT_LT((grid.rows - 1) * grid.cell_height, view.height);
    EXPECT_EQ(grid.pixels_per_cell(), grid.cell_width * grid.cell_height);
  });
}

TEST(CellGrid, CellsOfOneShapeHoldTheSameUnits) {
  for_each_grid([](const TestFrame& frame, const CellGrid& grid, int) {
    const auto contents = cell_contents(frame.view(), grid);
    std::array<std::size_t, 4> bytes{};
    for (const Cell cell : all_cells(grid)) {
      auto& wanted = bytes[static_cast<std::size_t>(grid.shape(cell))];
      const auto size = contents[grid.index(cell)].size();
      ASSERT_GT(size, 0U);
      if (wanted == 0) wanted = size;
      ASSERT_EQ(size, wanted) << cell.column << "," << cell.row;
    }
  });
}

TEST(CellGrid, SortByShapeKeepsTheCellsAndSplitsThemByShape) {
  for_each_grid([](const TestFrame&, const CellGrid& grid, int) {
    auto cells = all_cells(grid);
    const auto ends = sort_by_shape(grid, cells);
    EXPECT_EQ(ends[3], cells.size());
    std::size_t begin = 0;
    for (std::size_t shape = 0; shape < 4; ++shape) {
      ASSERT_LE(begin, ends[shape]);
      for (std::size_t i = begin; i < ends[shape]; ++i)
        ASSERT_EQ(grid.shape(cells[i]), static_cast<int>(shape));
      begin = ends[shape];
    }
    std::ranges::sort(cells, {}, [&](Cell cell) { return grid.index(cell); });
    EXPECT_EQ(cells, all_cells(grid));
  });
}

// Four pictures go through the same permutation: in three, every unit tells the number of its cell,
// digit by digit; in the last, its place within the cell.
TEST(CellMover, MovesEveryPlaneByTheSamePermutation) {
  for_each_grid([](TestFrame& frame, const CellGrid& grid, int) {
    CellMover mover;
    const auto fill = [&](int digit) {
      std::vector<int> units(all_cells(grid).size() * 3, 0);
      for_each_unit(frame.view(), [&](int p, int x, int y, std::uint8_t* unit) {
        const auto index = grid.index(cell_of(frame.view(), grid, p, x, y));
        const auto value =
            digit < 3 ? index >> (8 * digit)
                      : static_cast<std::size_t>(units[3 * index + static_cast<std::size_t>(p)]++);
        const int bytes = frame.view().format->planes[static_cast<std::size_t>(p)].unit_bytes;
        std::fill_n(unit, bytes, static_cast<std::uint8_t>(value));
      });
    };
    for (int digit = 0; digit < 4; ++digit) {
      fill(digit);
      const auto before = cell_contents(frame.view(), grid);
      auto wanted = before;
      auto cells = all_cells(grid);
      for_each_run(grid, cells, 1, [&](std::span<const Cell> run, const auto& from) {
        mover.permute(frame.view(), grid, run, from);
        for (std::size_t i = 0; i < run.size(); ++i)
          wanted[grid.index(run[i])] = before[grid.index(run[from[i]])];
      });
      ASSERT_TRUE(cell_contents(frame.view(), grid) == wanted) << "digit " << digit;
    }
  });
}

TEST(CellMover, PermutesInPlaceAndTouchesNothingElse) {
  for_each_grid([](TestFrame& frame, const CellGrid& grid, int) {
    const auto before = frame.bytes;
    auto contents = cell_contents(frame.view(), grid);
    std::vector<Cell> chosen;  // every third cell
    for (const Cell cell : all_cells(grid))
      if (grid.index(cell) % 3 == 0) chosen.push_back(cell);

    CellMover mover;
    for_each_run(grid, chosen, 2, [&](std::span<const Cell> run, const auto& from) {
      mover.permute(frame.view(), grid, run, from);
    });
    const auto allowed = cell_bytes(frame.view(), frame.bytes, grid, chosen);
    const auto difference = compare(before, frame.bytes, allowed);
    EXPECT_EQ(difference.outside, 0U);
    if (chosen.size() > 20) {
      EXPECT_GT(difference.inside, 0U);
    }
    auto moved = cell_contents(frame.view(), grid);
    std::ranges::sort(contents);
    std::ranges::sort(moved);
    EXPECT_TRUE(contents == moved) << "cells were lost or doubled";
  });
}

TEST(CellMover, TheInversePermutationRestoresEveryByte) {
  for_each_grid([](TestFrame& frame, const CellGrid& grid, int) {
    const auto before = frame.bytes;
    auto cells = all_cells(grid);
    CellMover mover;
    for_each_run(grid, cells, 3, [&](std::span<const Cell> run, const auto& from) {
      std::vector<std::uint32_t> inverse(from.size());
      for (std::uint32_t i = 0; i < from.size(); ++i) inverse[from[i]] = i;
      mover.permute(frame.view(), grid, run, from);
      mover.permute(frame.view(), grid, run, inverse);
    });
    EXPECT_TRUE(frame.bytes == before);
  });
}

TEST(CellMover, AcceptsNoCellsAndOneCell) {
  TestFrame frame(format_info(PixelFormat::nv12), {17, 19});
  const CellGrid grid(frame.view(), 1);
  const auto before = frame.bytes;
  CellMover mover;
  mover.permute(frame.view(), grid, {}, {});
  mover.permute(frame.view(), grid, std::array{Cell{8, 9}}, std::array{0U});
  EXPECT_EQ(frame.bytes, before);
}

}  // namespace
}  // namespace faceperturb::test
