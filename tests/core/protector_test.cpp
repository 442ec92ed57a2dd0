// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <set>

#include "support/faces.h"
#include "support/frames.h"

namespace faceperturb::test {
namespace {

constexpr Size size{160, 121};
const std::vector<Rect> two_faces{{10, 20, 60, 60}, {90, 50, 50, 50}};

SingleFrames make_protector(std::vector<Rect> boxes) {
  return SingleFrames(std::make_unique<FixedDetector>(std::move(boxes)));
}

// The cells that the reported faces' regions hold, worked out anew.
std::vector<Cell> held_cells(const Frame& frame, const Verdict& report, const Settings& settings) {
  const CellGrid grid(frame, settings.cell_size);
  RegionMapper mapper;
  mapper.start_frame(grid);
  std::vector<Cell> result;
  for (const auto& face : report.faces)
    for (const Cell cell : mapper.add(face, settings.regions, settings.pixels))
      result.push_back(cell);
  return result;
}

TEST(Protector, ChangesTheFacesRegionsAndNothingElse) {
  for (const auto& format : formats()) {
    for (const int cell_size : {1, 3}) {
      for (const auto& info : region_table()) {
        SCOPED_TRACE(describe(format, size) + " " + std::string(info.name));
        const Settings settings{.regions = info.region, .cell_size = cell_size};
        auto protector = make_protector(two_faces);  // the outlines of a track would be kept
        TestFrame frame(format, size, 6);
        const auto before = frame.bytes;
        const Verdict report = protector.protect(frame.view(), settings);
        EXPECT_EQ(report.state, FrameState::checked);
        EXPECT_EQ(report.fault, "");
        ASSERT_EQ(report.faces.size(), two_faces.size());

        const CellGrid grid(frame.view(), cell_size);
        const auto cells = held_cells(frame.view(), report, settings);
        const auto allowed = cell_bytes(frame.view(), frame.bytes, grid, cells);
        const auto difference = compare(before, frame.bytes, allowed);
        EXPECT_EQ(difference.outside, 0U);
        // Some cells are put where they were; of random bytes, one in 256 is like its neighbour.
        EXPECT_GT(difference.inside,
                  static_cast<std::size_t>(std::ranges::count(allowed, true)) / 2);
      }
    }
  }
}

TEST(Protector, ShufflesEachFaceAmongItsOwnCells) {
  auto protector = make_protector(two_faces);
  TestFrame frame(format_info(PixelFormat::i420), size);
  const Settings settings;
  const CellGrid grid(frame.view(), settings.cell_size);
  const auto before = cell_contents(frame.view(), grid);
  const Verdict report = protector.protect(frame.view(), settings);
  const auto after = cell_contents(frame.view(), grid);
  for (const auto& face : report.faces) {
    Verdict one;
    one.faces = {face};
    std::multiset<std::string> went_in, came_out;
    for (const Cell cell : held_cells(frame.view(), one, settings)) {
      went_in.insert(before[grid.index(cell)]);
      came_out.insert(after[grid.index(cell)]);
    }
    EXPECT_GT(went_in.size(), 50U);
    EXPECT_TRUE(went_in == came_out);
  }
}

TEST(Protector, PixelsDecideHowMuchMoves) {
  auto protector = make_protector({{10, 20, 60, 60}});
  for (const int pixels : {4, 40, 400, 4000}) {
    TestFrame frame(format_info(PixelFormat::i420), size);
    const CellGrid grid(frame.view(), 1);
    const auto before = cell_contents(frame.view(), grid);
    protector.protect(frame.view(), {.pixels = pixels});
    const auto after = cell_contents(frame.view(), grid);
    int moved = 0;
    for (std::size_t i = 0; i < before.size(); ++i) moved += before[i] != after[i];
    EXPECT_LE(moved, pixels / 4);
    EXPECT_GE(moved, pixels >= 400 ? pixels / 4 * 9 / 10 : 0);
  }
}

// Few cells of a region lie far from each other: no method may take that for a reason to leave
// them.
TEST(Protector, FewCellsAreMovedByEveryMethod) {
  auto protector = make_protector({{40, 30, 70, 70}});
  for (const auto format : {PixelFormat::i420, PixelFormat::bgr}) {
    for (const auto& method : methods()) {
      for (const int pixels : {300, 600}) {
        for (int drawn = 0; drawn < 10; ++drawn) {
          TestFrame frame(format_info(format), size);
          for_each_unit(frame.view(), [&](int, int x, int y, std::uint8_t* unit) {
            *unit = static_cast<std::uint8_t>(90 + x % 64 + y % 48);
          });
          const CellGrid grid(frame.view(), 4);
          const auto before = cell_contents(frame.view(), grid);
          protector.protect(frame.view(), {.method = method.method,
                                           .regions = Regions::head,
                                           .pixels = pixels,
                                           .cell_size = 4});
          const auto after = cell_contents(frame.view(), grid);
          int moved = 0;
          for (std::size_t i = 0; i < before.size(); ++i) moved += before[i] != after[i];
          EXPECT_GT(moved, pixels / 16 / 2) << method.name << " " << pixels << " pixels";
        }
      }
    }
  }
}

TEST(Protector, ArrangesEveryFrameAnew) {
  auto protector = make_protector(two_faces);
  std::set<std::string> results;
  for (int i = 0; i < 20; ++i) {
    TestFrame frame(format_info(PixelFormat::gray8), size);
    protector.protect(frame.view(), {});
    results.insert({frame.bytes.begin(), frame.bytes.end()});
  }
  EXPECT_EQ(results.size(), 20U);
  // Nor do two protectors share their secret.
  auto other = make_protector(two_faces);
  TestFrame frame(format_info(PixelFormat::gray8), size);
  other.protect(frame.view(), {});
  EXPECT_FALSE(results.contains({frame.bytes.begin(), frame.bytes.end()}));
}

TEST(Protector, WithoutFacesTouchesNothing) {
  auto protector = make_protector({});
  for (const auto& format : formats()) {
    TestFrame frame(format, size, 2);
    const auto before = frame.bytes;
    const Verdict report = protector.protect(frame.view(), {.pixels = 8000});
    EXPECT_EQ(report.state, FrameState::checked);
    EXPECT_TRUE(report.faces.empty());
    EXPECT_TRUE(frame.bytes == before);
  }
}

TEST(Protector, GoesFromFormatToFormatAndSizeToSize) {
  auto protector = make_protector({{2, 2, 12, 12}, {-5, -5, 40, 40}, {40, 30, 60, 60}});
  for (const Size frame_size : {Size{321, 241}, Size{16, 16}, Size{17, 19}, Size{640, 36}}) {
    for (const auto& format : formats()) {
      for (const int pixels : {0, 50, std::numeric_limits<int>::max()}) {
        SCOPED_TRACE(describe(format, frame_size) + " pixels " + std::to_string(pixels));
        TestFrame frame(format, frame_size, 9);
        const auto before = frame.bytes;
        const Verdict report = protector.protect(frame.view(), {.pixels = pixels});
        EXPECT_EQ(report.state, FrameState::checked) << report.fault;
        const auto allowed = picture_bytes(frame.view(), frame.bytes);
        EXPECT_EQ(compare(before, frame.bytes, allowed).outside, 0U);
      }
    }
  }
}

// Whatever goes wrong in a stage.
class FaultyDetector final : public Detector {
 public:
  explicit FaultyDetector(std::function<void()> fault) : fault_(std::move(fault)) {}
  std::vector<Detection> detect(const Picture&, int) override {
    fault_();
    return {};
  }

 private:
  std::function<void()> fault_;
};

TEST(Protector, CoversTheFrameWhereTheDetectorFails) {
  struct Case {
    std::function<void()> fault;
    std::string says;
  };
  const Case cases[] = {{[] { throw std::runtime_error("the detector broke"); }, "detector broke"},
                        {[] { throw std::bad_alloc(); }, "bad_alloc"},
                        {[] { throw 42; }, "unknown"}};
  static_assert(noexcept(std::declval<Protector&>().protect(
      std::declval<const Frame&>(), std::declval<Verdict&>(), std::declval<const Settings&>())));
  for (const auto& format : formats()) {
    TestFrame black(format, size, 4);
    cover(black.view());
    for (const auto& [fault, says] : cases) {
      SCOPED_TRACE(describe(format, size) + ": " + says);
      SingleFrames protector(std::make_unique<FaultyDetector>(fault));
      TestFrame frame(format, size, 4);
      const Verdict report = protector.protect(frame.view(), {});
      EXPECT_EQ(report.state, FrameState::covered);
      EXPECT_TRUE(report.faces.empty());
      EXPECT_NE(report.fault.find(says), std::string::npos) << report.fault;
      EXPECT_TRUE(frame.bytes == black.bytes);
    }
  }
}

TEST(Protector, AFaultOfOneFrameIsNotTheNextOnes) {
  bool faulty = false;
  SingleFrames protector(std::make_unique<FaultyDetector>([&] {
    if (faulty) throw std::runtime_error("once");
  }));
  for (const bool now : {false, true, false}) {
    faulty = now;
    TestFrame frame(format_info(PixelFormat::nv12), size);
    const auto before = frame.bytes;
    const Verdict report = protector.protect(frame.view(), {});
    EXPECT_EQ(report.state, now ? FrameState::covered : FrameState::checked);
    EXPECT_EQ(frame.bytes == before, !now);
    EXPECT_EQ(report.fault.empty(), !now);
  }
}

// Box and landmarks that no sane detector gives: protected or covered, never out of the frame.
TEST(Protector, WildBoxesAreProtectedOrCovered) {
  const float infinite = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const MethodInfo& method : methods()) {
    for (const Rect box :
         {Rect{0, 0, infinite, infinite}, Rect{nan, nan, nan, nan}, Rect{-1e6F, -1e6F, 2e6F, 2e6F},
          Rect{1e9F, 0, 50, 50}, Rect{50, 50, -20, -20}, Rect{50, 50, 0, 0}}) {
      SCOPED_TRACE(std::string(method.name) + " " + std::to_string(box.x));
      auto protector = make_protector({box});
      TestFrame frame(format_info(PixelFormat::i420), size, 9);
      const auto before = frame.bytes;
      const Verdict report = protector.protect(frame.view(), {.method = method.method});
      const auto allowed = picture_bytes(frame.view(), frame.bytes);
      EXPECT_EQ(compare(before, frame.bytes, allowed).outside, 0U);
      EXPECT_NE(report.state, FrameState::held);
    }
  }
}

}  // namespace
}  // namespace faceperturb::test
