// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perturb/methods.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "perturb/workspace.h"
#include "support/faces.h"
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
  for (const std::string_view name :
       {"shuffle", "average", "occlude", "noise", "superpixel", "blur", "cae"})
    EXPECT_TRUE(names.contains(name)) << name;
}

TEST(Methods, ParametersBelongToTheMethodTheyAreNamedAfter) {
  const ParameterValues values;
  for (const auto& entry : parameters()) {
    EXPECT_TRUE(entry.name.starts_with(std::string(method_info(entry.method).name) + "-"));
    EXPECT_FALSE(entry.description.empty()) << entry.name;
    EXPECT_LE(entry.least, entry.preset) << entry.name;
    EXPECT_LE(entry.preset, entry.most) << entry.name;
    EXPECT_EQ(values[entry.parameter], entry.preset) << entry.name;
    ParameterValues out_of_range;
    out_of_range.set(entry.parameter, entry.most + 1);
    EXPECT_EQ(out_of_range[entry.parameter], entry.most) << entry.name;
  }
}

struct Case {
  const MethodInfo& method;
  TestFrame& frame;
  const CellGrid& grid;
  const Face& face;
  std::vector<Cell> cells;  // a half of the frame
  int cell_size;

  FaceCells target() { return {frame.view(), grid, face, cells, cell_size}; }
};

template <typename Check>
void for_each_case(Check check) {
  for (const auto& method : methods()) {
    for (const auto& format : formats()) {
      for (const Size size : {Size{16, 16}, Size{17, 19}, Size{97, 66}}) {
        for (const int cell_size : {1, 3, 8}) {
          TestFrame frame(format, size, 3);
          const CellGrid grid(frame.view(), cell_size);
          const auto face =
              upright_face({0, 0, static_cast<float>(size.width), static_cast<float>(size.height)});
          std::vector<Cell> cells;
          for (const Cell cell : all_cells(grid))
            if ((cell.row + cell.column) % 2 == 0 || grid.shape(cell) != 0) cells.push_back(cell);
          SCOPED_TRACE(std::string(method.name) + " " + describe(format, size) + " cell-size " +
                       std::to_string(cell_size));
          check(Case{method, frame, grid, face, cells, cell_size});
        }
      }
    }
  }
}

// Of alpha and padding too, where a method moves whole pixels.
TEST(Methods, ChangeTheCellsAndNothingElse) {
  const Secret secret = fixed_secret();
  Workspace workspace;  // shared: what it keeps must not matter
  for_each_case([&](Case c) {
    const auto before = c.frame.bytes;
    const auto allowed = cell_bytes(c.frame.view(), c.frame.bytes, c.grid, c.cells);
    RandomStream random(secret, 0, 0);
    c.method.apply(c.target(), {}, random, workspace);
    const auto difference = compare(before, c.frame.bytes, allowed);
    EXPECT_EQ(difference.outside, 0U);
    const auto bytes = static_cast<std::size_t>(std::ranges::count(allowed, true));
    if (c.grid.columns * c.grid.rows > 100) {
      EXPECT_GT(difference.inside, bytes / 2);
    }
  });
}

// The samples of one plane, sorted.
std::vector<std::string> units(const Frame& frame, int plane) {
  std::vector<std::string> result;
  for_each_unit(frame, [&](int p, int, int, const std::uint8_t* unit) {
    const auto bytes =
        static_cast<std::size_t>(frame.format->planes[static_cast<std::size_t>(p)].unit_bytes);
    if (p == plane) result.emplace_back(reinterpret_cast<const char*>(unit), bytes);
  });
  std::ranges::sort(result);
  return result;
}

TEST(Methods, PermutationsKeepEveryPlanesSamples) {
  const Secret secret = fixed_secret();
  Workspace workspace;
  for_each_case([&](Case c) {
    if (!c.method.permutation) return;
    std::vector<std::vector<std::string>> before;
    for (int p = 0; p < c.frame.view().format->plane_count; ++p)
      before.push_back(units(c.frame.view(), p));
    auto cells_before = cell_contents(c.frame.view(), c.grid);
    RandomStream random(secret, 0, 0);
    c.method.apply(c.target(), {}, random, workspace);
    for (int p = 0; p < c.frame.view().format->plane_count; ++p)
      EXPECT_TRUE(units(c.frame.view(), p) == before[static_cast<std::size_t>(p)]) << p;

    // Whole cells move, all planes alike: always by shuffle; by average where luma has no plane of
    // its own.
    if (c.method.method == Method::average && c.frame.view().format->plane_count > 1) return;
    auto cells_after = cell_contents(c.frame.view(), c.grid);
    std::ranges::sort(cells_before);
    std::ranges::sort(cells_after);
    EXPECT_TRUE(cells_before == cells_after);
  });
}

// Ten bits stand in sixteen, and what the other six hold is up to who made the frame.
TEST(Methods, SamplesBeyondWhatTheFormatHasDoNoHarm) {
  const Secret secret = fixed_secret();
  Workspace workspace;
  for_each_case([&](Case c) {
    if (c.frame.view().format->sample_bytes == 1) return;
    for_each_unit(c.frame.view(), [&](int p, int x, int y, std::uint8_t* unit) {
      const int bytes = c.frame.view().format->planes[static_cast<std::size_t>(p)].unit_bytes;
      for (int i = 0; i < bytes; ++i) unit[i] = static_cast<std::uint8_t>(255 - x * y % 3);
    });
    const auto before = c.frame.bytes;
    std::vector<std::string> samples;
    if (c.method.permutation) samples = units(c.frame.view(), 0);
    RandomStream random(secret, 0, 0);
    c.method.apply(c.target(), {}, random, workspace);
    const auto allowed = cell_bytes(c.frame.view(), c.frame.bytes, c.grid, c.cells);
    const auto difference = compare(before, c.frame.bytes, allowed);
    EXPECT_EQ(difference.outside, 0U);
    if (c.grid.columns * c.grid.rows > 100) {
      EXPECT_GT(difference.inside, 0U);
    }
    if (c.method.permutation) {
      EXPECT_TRUE(units(c.frame.view(), 0) == samples);
    }
  });
}

TEST(Methods, UndoBringsBackEveryByte) {
  const Secret secret = fixed_secret();
  Workspace workspace;
  bool any = false;
  for_each_case([&](Case c) {
    if (!c.method.undo) return;
    any = true;
    const auto before = c.frame.bytes;
    const auto cells = c.cells;
    RandomStream random(secret, 7, 1);
    c.method.apply(c.target(), {}, random, workspace);
    EXPECT_FALSE(c.frame.bytes == before);
    c.cells = cells;
    RandomStream again(secret, 7, 1);
    c.method.undo(c.target(), {}, again, workspace);
    EXPECT_TRUE(c.frame.bytes == before);
  });
  EXPECT_TRUE(any);
}

TEST(Methods, ShuffleFollowsTheRandomStreamAlone) {
  const Secret secret = fixed_secret();
  const auto shuffled = [&](std::uint64_t frame_counter, std::uint32_t number) {
    TestFrame frame(format_info(PixelFormat::i420), {64, 64});
    const CellGrid grid(frame.view(), 1);
    auto cells = all_cells(grid);
    RandomStream random(secret, frame_counter, number);
    Workspace workspace;
    method_info(Method::shuffle)
        .apply({frame.view(), grid, upright_face({0, 0, 64, 64}), cells, 1}, {}, random, workspace);
    return frame.bytes;
  };
  EXPECT_TRUE(shuffled(5, 2) == shuffled(5, 2));
  EXPECT_FALSE(shuffled(5, 2) == shuffled(6, 2));
  EXPECT_FALSE(shuffled(5, 2) == shuffled(5, 3));
}

}  // namespace
}  // namespace faceperturb::test
