// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perturb/sampling.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace faceperturb::test {
namespace {

// What lies at `x`, `y`: a product, so that it is not flat between pixels; beyond the map as at its
// edge.
double truth(const cv::Mat& map, double x, double y) {
  x = std::clamp(x, 0.0, map.cols - 1.0);
  y = std::clamp(y, 0.0, map.rows - 1.0);
  return 100 + 9 * x * y;
}

cv::Mat product() {
  cv::Mat map(50, 60, CV_16UC1);
  for (int y = 0; y < map.rows; ++y)
    for (int x = 0; x < map.cols; ++x)
      map.at<std::uint16_t>(y, x) = static_cast<std::uint16_t>(truth(map, x, y));
  return map;
}

TEST(MapSampler, ReadsBetweenPixelsWithinTheMapAndBeyond) {
  const cv::Mat map = product();
  for (const float scale : {0.3F, 1.F, 2.7F}) {
    for (const float angle : {0.F, 0.4F, 2.F}) {
      const float a = scale * std::cos(angle), b = scale * std::sin(angle);
      const cv::Matx23f matrix(a, -b, 30 - 20 * a + 20 * b, b, a, 25 - 20 * b - 20 * a);
      const std::vector<CellRun> runs{{{0, 0}, 1}, {{0, 5}, 41}, {{17, 20}, 7}, {{3, 39}, 16}};
      std::vector<std::uint16_t> values(count_cells(runs));
      const MapSampler sampler(map, matrix);
      sampler.read(runs, values);
      for_every(1, runs, [&](std::size_t i, int column, int row) {
        const cv::Vec2f at =
            matrix * cv::Vec3f(static_cast<float>(column), static_cast<float>(row), 1);
        // Places are exact to 1/128 pixel.
        const double wanted = truth(map, at[0], at[1]);
        EXPECT_NEAR(values[i], wanted, 10) << at;
        EXPECT_NEAR(sampler(column, row), wanted, 10) << at;
      });
    }
  }
}

TEST(MapSampler, TakesWhatIsNoPlace) {
  const cv::Mat map = product();
  const std::vector<CellRun> runs{{{0, 0}, 9}, {{65000, 65000}, 9}};
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(),
                          std::numeric_limits<float>::infinity(), 1e9F, -1e9F}) {
    std::vector<std::uint16_t> values(count_cells(runs), 0);
    MapSampler(map, cv::Matx23f(bad, 1, bad, 1, bad, 1)).read(runs, values);
    for (const std::uint16_t value : values) {
      EXPECT_GE(value, 100);
      EXPECT_LE(value, 100 + 9 * 59 * 49);
    }
  }
}

TEST(ForEvery, VisitsEachNthCellAcrossRuns) {
  const std::vector<CellRun> runs{{{4, 0}, 2}, {{9, 1}, 1}, {{0, 2}, 5}};
  std::vector<std::array<int, 3>> visited;
  for_every(3, runs, [&](std::size_t i, int column, int row) {
    visited.push_back({static_cast<int>(i), column, row});
  });
  EXPECT_EQ(visited, (std::vector<std::array<int, 3>>{{0, 4, 0}, {3, 0, 2}, {6, 3, 2}}));
}

}  // namespace
}  // namespace faceperturb::test
