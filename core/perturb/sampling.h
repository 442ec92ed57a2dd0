// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <opencv2/core.hpp>
#include <span>

#include "frame/runs.h"

namespace faceperturb {

/// Finds where cells lie between the four pixels of a map.
class Between {
 public:
  struct Place {
    int x, y;    ///< of the upper left pixel
    float u, v;  ///< from it to the others, 0 to 1
  };

  /// `matrix` carries a cell's column and row to a pixel of the map, which has `size` (at least
  /// 2x2).
  Between(const cv::Matx23f& m, cv::Size size)
      : xc_(m(0, 0)),
        xr_(m(0, 1)),
        x0_(m(0, 2)),
        yc_(m(1, 0)),
        yr_(m(1, 1)),
        y0_(m(1, 2)),
        right_(static_cast<float>(size.width) - 1.001F),
        bottom_(static_cast<float>(size.height) - 1.001F) {}

  /// Beyond the map, the nearest place at its edge.
  Place operator()(int cell_column, int cell_row) const {
    const auto column = static_cast<float>(cell_column), row = static_cast<float>(cell_row);
    const float px = std::max(0.F, std::min(xc_ * column + xr_ * row + x0_, right_));
    const float py = std::max(0.F, std::min(yc_ * column + yr_ * row + y0_, bottom_));
    const int x = static_cast<int>(px), y = static_cast<int>(py);
    return {x, y, px - static_cast<float>(x), py - static_cast<float>(y)};
  }

 private:
  float xc_, xr_, x0_, yc_, yr_, y0_, right_, bottom_;
};

/// Calls `visit(i, column, row)` for every `step`-th cell, the i-th.
template <typename Visit>
void for_every(std::size_t step, std::span<const CellRun> runs, Visit visit) {
  std::size_t next = 0, begin = 0;
  for (const CellRun& run : runs) {
    for (; next < begin + run.count; next += step)
      visit(next, run.first.column + static_cast<int>(next - begin), int{run.first.row});
    begin += run.count;
  }
}

/// Reads a map (CV_16UC1, below 1 << 15, at least 2x2) where cells lie, between its pixels.
/// cv::warpAffine would draw a whole rectangle, and take memory for it, at each call.
class MapSampler {
 public:
  /// `matrix` carries a cell's column and row to a pixel of the map. Both must outlive this.
  MapSampler(const cv::Mat& map, const cv::Matx23f& matrix);

  std::uint16_t operator()(int column, int row) const;
  /// One for each cell of the runs.
  void read(std::span<const CellRun> runs, std::span<std::uint16_t> values) const;

 private:
  const cv::Mat& map_;
  const cv::Matx23f& matrix_;
  Between between_;
};

}  // namespace faceperturb
