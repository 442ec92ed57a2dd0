// SPDX-License-Identifier: LGPL-2.1-or-later
#include "regions/regions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <utility>

#include "support/faces.h"
#include "support/frames.h"

namespace faceperturb::test {
namespace {

constexpr auto features = Regions::eyes | Regions::nose | Regions::mouth;
constexpr PixelFormat some_formats[] = {PixelFormat::y444, PixelFormat::i420, PixelFormat::y42b};

// A grid over a frame, and cells of faces on it.
class Map {
 public:
  explicit Map(Size size = {160, 120}, PixelFormat format = PixelFormat::y444, int cell_size = 1)
      : grid(TestFrame(format_info(format), size).view(), cell_size) {
    mapper.start_frame(grid);
  }

  /// The cells' indices in the grid; fails if one is given twice.
  std::set<std::size_t> add(const Face& face, Regions regions = features, int pixels = 0) {
    std::set<std::size_t> result;
    for (const Cell cell : mapper.add(face, regions, pixels)) {
      EXPECT_TRUE(result.empty() || grid.index(cell) > *result.rbegin()) << "not row by row";
      EXPECT_LT(cell.column, grid.columns);
      EXPECT_LT(cell.row, grid.rows);
      EXPECT_TRUE(result.insert(grid.index(cell)).second) << "a cell was given twice";
    }
    return result;
  }
  /// The same as the first face of a frame.
  std::set<std::size_t> only(const Face& face, Regions regions = features, int pixels = 0) {
    mapper.start_frame(grid);
    return add(face, regions, pixels);
  }
  std::size_t cell_at(const Point& p) const {
    return grid.index({static_cast<std::uint16_t>(std::lround(p.x) / grid.cell_width),
                       static_cast<std::uint16_t>(std::lround(p.y) / grid.cell_height)});
  }
  std::size_t cells_for(int pixels) const {
    return static_cast<std::size_t>(
        std::ceil(static_cast<double>(pixels) / grid.pixels_per_cell()));
  }
  std::size_t all() const { return static_cast<std::size_t>(grid.columns * grid.rows); }
  /// The middle of a cell, in luma pixels.
  Point middle(std::size_t index) const {
    const auto columns = static_cast<std::size_t>(grid.columns);
    return {(static_cast<float>(index % columns) + .5F) * static_cast<float>(grid.cell_width),
            (static_cast<float>(index / columns) + .5F) * static_cast<float>(grid.cell_height)};
  }

  CellGrid grid;
  RegionMapper mapper;
};

bool includes(const std::set<std::size_t>& whole, const std::set<std::size_t>& part) {
  return std::ranges::includes(whole, part);
}

std::size_t common(const std::set<std::size_t>& a, const std::set<std::size_t>& b) {
  return static_cast<std::size_t>(
      std::ranges::count_if(a, [&](std::size_t cell) { return b.contains(cell); }));
}

struct OwnLandmarks {
  Regions region;
  std::vector<int> landmarks;  // first and last of each run
  float around;                // what else belongs to it, in widths of the face
};
const OwnLandmarks own_landmarks[] = {
    {Regions::eyes, {17, 26, 36, 47}, .04F},
    {Regions::nose, {27, 35}, .04F},
    {Regions::mouth, {48, 67}, .04F},
    {Regions::face, {0, 67}, 0},
    {Regions::head, {0, 67}, 0},
};

// The landmarks that are in the frame but whose cell, or a neighbour's, the region does not hold.
std::set<int> missing(const Map& map, const std::set<std::size_t>& cells, const Face& face,
                      const OwnLandmarks& own) {
  std::set<int> result;
  const float reach = own.around * face.box.width;
  for (std::size_t run = 0; run < own.landmarks.size(); run += 2) {
    for (int i = own.landmarks[run]; i <= own.landmarks[run + 1]; ++i) {
      const Point& p = (*face.landmarks)[static_cast<std::size_t>(i)];
      for (const Point q : {p, Point{p.x - reach, p.y}, Point{p.x + reach, p.y},
                            Point{p.x, p.y - reach}, Point{p.x, p.y + reach}})
        if (q.x >= 0 && q.y >= 0 && q.x <= 159 && q.y <= 119 && !cells.contains(map.cell_at(q)))
          result.insert(i);
    }
  }
  return result;
}

TEST(Regions, EachKindHoldsItsLandmarksWhateverTheCellSize) {
  ASSERT_EQ(std::size(own_landmarks), region_table().size());
  for (const auto format : some_formats) {
    for (const int cell_size : {1, 2, 5, 16}) {
      Map map({160, 120}, format, cell_size);
      for (const Rect box : {Rect{40, 40, 60, 60}, Rect{60.7F, 50.2F, 25, 25}}) {
        const Face face = upright_face(box);
        for (const auto& own : own_landmarks)
          EXPECT_EQ(missing(map, map.only(face, own.region), face, own), std::set<int>{})
              << "region " << static_cast<int>(own.region) << ", cell-size " << cell_size << " in "
              << format_info(format).name << ", a face of " << box.width;
      }
    }
  }
}

TEST(Regions, FeaturesAreSmallerThanTheFaceAndTheFaceThanTheHead) {
  Map map;
  const Face face = upright_face({40, 40, 60, 60});
  const auto head = map.only(face, Regions::head), hull = map.only(face, Regions::face);
  const auto eyes = map.only(face, Regions::eyes), nose = map.only(face, Regions::nose),
             mouth = map.only(face, Regions::mouth), together = map.only(face, features);
  EXPECT_TRUE(includes(head, together));
  EXPECT_LT(together.size(), hull.size());
  EXPECT_LT(hull.size(), head.size());
  for (const auto& part : {eyes, nose, mouth}) EXPECT_TRUE(includes(together, part));
  EXPECT_LE(together.size(), eyes.size() + nose.size() + mouth.size());
  EXPECT_LT(head.size(), map.all());
}

TEST(Regions, NoneChosenMeansHead) {
  Map map;
  const Face face = upright_face({40, 40, 60, 60});
  EXPECT_EQ(map.only(face, Regions{}), map.only(face, Regions::head));
}

TEST(Regions, AreDisjointBetweenFacesThatOverlap) {
  for (const auto format : some_formats) {
    for (const int pixels : {0, 500, 6000}) {
      Map map({160, 120}, format, 2);
      std::set<std::size_t> before;
      for (const Rect box : {Rect{40, 40, 50, 50}, Rect{50, 45, 50, 50}, Rect{40, 40, 50, 50}}) {
        const auto cells = map.add(upright_face(box), Regions::face, pixels);
        EXPECT_EQ(common(before, cells), 0U) << "pixels " << pixels;
        before.insert(cells.begin(), cells.end());
      }
    }
  }
}

TEST(Regions, ANewFrameForgetsTheFacesBefore) {
  Map map;
  const Face face = upright_face({40, 40, 60, 60});
  const auto first = map.only(face);
  EXPECT_FALSE(first.empty());
  EXPECT_TRUE(map.add(face).empty());  // in the same frame it has them already
  EXPECT_EQ(map.only(face), first);
  // Nor does a grid of another size remember them.
  map.grid = Map({320, 240}).grid;
  EXPECT_FALSE(map.only(face).empty());
}

TEST(Pixels, FewerThanTheRegionsHoldLeaveTheRegionsAsTheyAre) {
  Map map;
  const Face face = upright_face({40, 30, 70, 70});
  const auto whole = map.only(face);
  for (const int pixels : {1, 100, static_cast<int>(whole.size())})
    EXPECT_EQ(map.only(face, features, pixels), whole);
}

// Nothing that was left out may be nearer to the regions than what was taken in, give or take a
// cell's size and the error of the distance transform; ways beyond the whole face count four times.
TEST(Pixels, MoreThanTheRegionsHoldGrowOutwardsNearestFirst) {
  for (const auto format : some_formats) {
    for (const int cell_size : {1, 3}) {
      for (const Rect box : {Rect{50, 40, 40, 40}, Rect{-15, 40, 40, 40}, Rect{130, 90, 40, 40}}) {
        Map map({160, 120}, format, cell_size);
        const Face face = upright_face(box);
        const auto seed = map.only(face), whole = map.only(face, Regions::face);
        ASSERT_FALSE(seed.empty());
        std::vector<float> ways;
        for (std::size_t i = 0; i < map.all(); ++i) {
          const auto distance_to = [&](const auto& cells) {
            float distance = std::numeric_limits<float>::max();
            for (const auto s : cells) {
              const Point a = map.middle(i), b = map.middle(s);
              distance = std::min(distance, std::hypot(a.x - b.x, a.y - b.y));
            }
            return distance;
          };
          ways.push_back(distance_to(seed) + 3 * (whole.contains(i) ? 0 : distance_to(whole)));
        }
        for (const int pixels : {2000, 2500, 4000, 9001}) {
          const auto grown = map.only(face, features, pixels);
          EXPECT_EQ(grown.size(), map.cells_for(pixels)) << pixels << " pixels";
          EXPECT_TRUE(includes(grown, seed));
          float farthest_taken = 0, nearest_left = std::numeric_limits<float>::max();
          for (std::size_t i = 0; i < map.all(); ++i) {
            if (grown.contains(i))
              farthest_taken = std::max(farthest_taken, ways[i]);
            else
              nearest_left = std::min(nearest_left, ways[i]);
          }
          const auto cell =
              static_cast<float>(std::hypot(map.grid.cell_width, map.grid.cell_height));
          EXPECT_LE(farthest_taken, nearest_left * 1.03F + 5 * cell) << pixels << " pixels";
        }
      }
    }
  }
}

TEST(Pixels, MoreThanTheFrameHoldsTakeAllOfIt) {
  for (const Size size : sizes) {
    for (const int cell_size : cell_sizes) {
      Map map(size, PixelFormat::i420, cell_size);
      const int whole = static_cast<int>(map.all()) * map.grid.pixels_per_cell();
      for (const int pixels : {whole, 2 * whole, std::numeric_limits<int>::max()}) {
        EXPECT_EQ(map.only(upright_face({2, 2, 10, 10}), features, pixels).size(), map.all());
        EXPECT_TRUE(map.add(upright_face({2, 2, 10, 10}), features, pixels).empty());
      }
    }
  }
}

TEST(Pixels, ASecondFaceTakesWhatTheFirstLeft) {
  Map map;
  const auto first = map.add(upright_face({20, 40, 50, 50}), features, 10000);
  const auto second = map.add(upright_face({90, 40, 50, 50}), features, 15000);
  EXPECT_EQ(first.size(), 10000U);
  EXPECT_EQ(second.size(), map.all() - 10000U);
  EXPECT_EQ(common(first, second), 0U);
}

Face moved(Face face, float x, float y, float size = 1) {
  for (Point& p : *face.landmarks) p = {size * p.x + x, size * p.y + y};
  face.box = {size * face.box.x + x, size * face.box.y + y, size * face.box.width,
              size * face.box.height};
  return face;
}

// A face that moves, shrinks and grows, every landmark for itself too.
TEST(Tracks, AlwaysHoldWhatTheFaceAloneWouldAndNeverMuchMore) {
  std::mt19937 engine(1);
  std::normal_distribution<float> jitter(0, .6F), step(0, 2.F);
  for (const auto format : some_formats) {
    for (const auto& info : region_table()) {
      Map map({320, 240}, format);
      float x = 0, y = 0, size = 1;
      for (int frame = 0; frame < 60; ++frame) {
        if (frame % 3 == 0)
          x += step(engine), y += step(engine),
              size = std::clamp(size + step(engine) / 50, .5F, 2.F);
        Face face = moved(upright_face({100, 80, 90, 90}), x, y, size);
        for (Point& p : *face.landmarks) p.x += jitter(engine), p.y += jitter(engine);
        const auto alone = map.only(face, info.region);
        face.id = 7;
        const auto tracked = map.only(face, info.region);
        ASSERT_TRUE(std::ranges::includes(tracked, alone))
            << format_info(format).name << ", " << info.name << ", frame " << frame;
        face.id = 0;
        face.growth += .1F * face.box.width;
        const auto most = map.only(face, info.region);
        ASSERT_TRUE(std::ranges::includes(most, tracked)) << info.name << ", frame " << frame;
      }
    }
  }
}

TEST(Tracks, StayInPlaceWhileTheFaceOnlyJitters) {
  Map map({320, 240});
  Face face = upright_face({100, 80, 100, 100});
  face.id = 7;
  const auto first = map.only(face, Regions::face);
  EXPECT_EQ(map.only(moved(face, 1, -1), Regions::face), first);
  EXPECT_EQ(map.only(moved(face, -1, .5F), Regions::face), first);
  EXPECT_NE(map.only(moved(face, 8, 0), Regions::face), first);
  const auto grown = map.only(face, features, 8000);
  EXPECT_GT(grown.size(), map.only(face, features).size());
  EXPECT_EQ(map.only(moved(face, 1, -1), features, 8000), grown);
  // Another face, or other regions, take nothing over.
  Map fresh({320, 240});
  EXPECT_EQ(map.only(face, features), fresh.only(face, features));
  face.id = 8;
  EXPECT_EQ(map.only(moved(face, 1, -1), Regions::face),
            fresh.only(moved(face, 1, -1), Regions::face));
}

TEST(Tracks, AreDrawnAnewOnAnotherGridAndGiveWayToOtherFaces) {
  Map map({320, 240});
  Face face = upright_face({100, 80, 100, 100});
  face.id = 7;
  const auto alone = map.only(face);
  for (const auto& [format, cell_size] :
       {std::pair{PixelFormat::i420, 1}, {PixelFormat::y444, 4}}) {
    Map other({200, 160}, format, cell_size);
    const CellGrid before = std::exchange(map.grid, other.grid);
    EXPECT_EQ(map.only(face), other.only(face));
    map.grid = before;
    EXPECT_EQ(map.only(face), alone);
  }
  // What another took in one frame is back in the next.
  Face near = moved(face, 30, 0);
  near.id = 8;
  map.mapper.start_frame(map.grid);
  EXPECT_FALSE(map.add(near).empty());
  EXPECT_LT(map.add(face).size(), alone.size());
  EXPECT_EQ(map.only(face), alone);
}

TEST(Borders, OfAFacePartlyOutsideTheRestIsHeld) {
  for (const Rect box : {Rect{-30, 40, 60, 60}, Rect{130, 40, 60, 60}, Rect{50, -30, 60, 60},
                         Rect{50, 90, 60, 60}, Rect{-1000, -1000, 2000, 2000}}) {
    const Face face = upright_face(box);
    for (const auto& own : own_landmarks) {
      Map map;
      EXPECT_EQ(missing(map, map.only(face, own.region), face, own), std::set<int>{})
          << "region " << static_cast<int>(own.region) << " at " << box.x << "," << box.y;
    }
  }
}

TEST(Borders, AFaceWhollyOutsideHoldsNothing) {
  for (const Rect box : {Rect{-400, 40, 60, 60}, Rect{600, 40, 60, 60}, Rect{50, -400, 60, 60},
                         Rect{50, 600, 60, 60}, Rect{1e9F, 1e9F, 60, 60}, Rect{-1e9F, 0, 60, 60}})
    for (const auto& info : region_table()) {
      Map map;
      EXPECT_TRUE(map.only(upright_face(box), info.region).empty()) << info.name;
    }
}

// What grows from a face beyond the border must come in over that border.
TEST(Borders, AFaceWhollyOutsideGrowsFromItsSide) {
  Map map;
  const auto cells = map.only(upright_face({-80, 40, 40, 40}), features, 400);
  EXPECT_EQ(cells.size(), 400U);
  for (const auto cell : cells) ASSERT_LT(map.middle(cell).x, 40) << "cell " << cell;
}

TEST(Borders, FacesWithoutASizeOrWithWildLandmarksAreSafe) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinite = std::numeric_limits<float>::infinity();
  for (const Rect box : {Rect{40, 40, 0, 0}, Rect{40, 40, -20, -20}, Rect{nan, nan, nan, nan},
                         Rect{0, 0, infinite, infinite}}) {
    for (const int pixels : {0, 10, 3000}) {
      Map map;
      Face face = upright_face(box);
      map.only(face, Regions::head | features, pixels);  // add() checks the cells
      face.id = 1;
      map.only(upright_face({40, 40, 40, 40}), Regions::head | features, pixels);
      map.only(face, Regions::head | features, pixels);
    }
  }
}

}  // namespace
}  // namespace faceperturb::test
