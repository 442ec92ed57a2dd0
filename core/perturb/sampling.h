// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <opencv2/core.hpp>
#include <span>

#include "frame/cells.h"

namespace faceperturb {

/// Finds where cells lie between the four pixels of a map: as local variables, so that writing
/// floats does not make the compiler read it again.
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
  Place operator()(Cell cell) const {
    const auto column = static_cast<float>(cell.column), row = static_cast<float>(cell.row);
    const float px = std::max(0.F, std::min(xc_ * column + xr_ * row + x0_, right_));
    const float py = std::max(0.F, std::min(yc_ * column + yr_ * row + y0_, bottom_));
    const int x = static_cast<int>(px), y = static_cast<int>(py);
    return {x, y, px - static_cast<float>(x), py - static_cast<float>(y)};
  }

 private:
  float xc_, xr_, x0_, yc_, yr_, y0_, right_, bottom_;
};

/// Calls `visit(i, value)` with the bilinear value of `map` (CV_32FC1) for every `step`-th cell.
/// cv::warpAffine would draw a whole rectangle, and take memory for it, at each call.
template <typename Visit>
void sample(const cv::Mat& map, const cv::Matx23f& matrix, std::span<const Cell> cells,
            std::size_t step, Visit visit) {
  const Between between(matrix, map.size());
  const auto stride = static_cast<std::ptrdiff_t>(map.step1());
  const float* const pixels = map.ptr<float>();
  for (std::size_t i = 0; i < cells.size(); i += step) {
    const auto at = between(cells[i]);
    const float* p = pixels + at.y * stride + at.x;
    const float above = p[0] + at.u * (p[1] - p[0]);
    const float below = p[stride] + at.u * (p[stride + 1] - p[stride]);
    visit(i, above + at.v * (below - above));
  }
}

}  // namespace faceperturb
