// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace faceperturb::eval {

/// One curve or cloud of points.
struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;
};

struct Plot {
  std::string x, y;   ///< what the axes show
  bool lines = true;  ///< joins the points
  std::vector<Series> series;
};

/// Throws std::runtime_error where svg() could not work: to be told before hours of measuring.
void need_gnuplot();

/// The plot as SVG, drawn by gnuplot. Throws std::runtime_error where that is missing or fails.
std::string svg(const Plot& plot);

}  // namespace faceperturb::eval
