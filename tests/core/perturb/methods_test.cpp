// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perturb/methods.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "support/frames.h"
#include "support/random.h"

namespace faceperturb::test {
namespace {

TEST(Methods, TableIsCompleteAndInTheOrderOfTheEnumeration) {
  std::set<std::string_view> names;
  for (const auto& method : methods()) {
    EXPECT_EQ(&method_info(method.method), &method);
    EXPECT_TRUE(names.insert(method.name).second) << method.name;
    EXPECT_FALSE(method.description.empty()) << method.name;
    EXPECT_NE(method.apply, nullptr) << method.name;
  }
  EXPECT_TRUE(names.contains("shuffle"));
}

// Calls `check(method, frame, grid, cells)`; the cells are a half of the frame.
template <typename Check>
void for_each_case(Check check) {
  for (const auto& method : methods()) {
    for (const auto& format : formats()) {
      for (const Size size : sizes) {
        for (const int cell_size : {1, 3, 8}) {
          TestFrame frame(format, size, 3);
          const CellGrid grid(frame.view(), cell_size);
          std::vector<Cell> cells;
          for (const Cell cell : all_cells(grid))
            if ((cell.row + cell.column) % 2 == 0 || grid.shape(cell) != 0) cells.push_back(cell);
          SCOPED_TRACE(std::string(method.name) + " " + describe(format, size) + " cell-size " +
                       std::to_string(cell_size));
          check(method, frame, grid, cells);
        }
      }
    }
  }
}

TEST(Methods, ChangeTheCellsAndNothingElse) {
  const Secret secret = fixed_secret();
  Workspace workspace;  // shared: what it keeps must not matter
  for_each_case([&](const MethodInfo& method, TestFrame& frame, const CellGrid& grid, auto cells) {
    const auto before = frame.bytes;
    const auto allowed = cell_bytes(frame.view(), frame.bytes, grid, cells);
    RandomStream random(secret, 0, 0);
    method.apply(frame.view(), grid, cells, random, workspace);
    const auto difference = compare(before, frame.bytes, allowed);
    EXPECT_EQ(difference.outside, 0U);
    const auto bytes = static_cast<std::size_t>(std::ranges::count(allowed, true));
    if (grid.columns * grid.rows > 100) {
      EXPECT_GT(difference.inside, bytes / 2);
    }
  });
}

TEST(Methods, ShuffleKeepsTheMultisetOfCells) {
  const Secret secret = fixed_secret();
  Workspace workspace;
  for_each_case([&](const MethodInfo& method, TestFrame& frame, const CellGrid& grid, auto cells) {
    if (method.method != Method::shuffle) return;
    auto before = cell_contents(frame.view(), grid);
    RandomStream random(secret, 0, 0);
    method.apply(frame.view(), grid, cells, random, workspace);
    auto after = cell_contents(frame.view(), grid);
    std::ranges::sort(before);
    std::ranges::sort(after);
    EXPECT_TRUE(before == after);
  });
}

TEST(Methods, ShuffleFollowsTheRandomStreamAlone) {
  const Secret secret = fixed_secret();
  const auto shuffled = [&](std::uint64_t frame_counter, std::uint32_t face) {
    TestFrame frame(format_info(PixelFormat::i420), {64, 64});
    const CellGrid grid(frame.view(), 1);
    auto cells = all_cells(grid);
    RandomStream random(secret, frame_counter, face);
    Workspace workspace;
    method_info(Method::shuffle).apply(frame.view(), grid, cells, random, workspace);
    return frame.bytes;
  };
  EXPECT_TRUE(shuffled(5, 2) == shuffled(5, 2));
  EXPECT_FALSE(shuffled(5, 2) == shuffled(6, 2));
  EXPECT_FALSE(shuffled(5, 2) == shuffled(5, 3));
}

}  // namespace
}  // namespace faceperturb::test
