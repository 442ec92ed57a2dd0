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
  std::string x, y;     ///< what the axes show
  bool lines = true;    ///< joins the points
  bool labels = false;  ///< writes each series' name beside its first point, instead of a key
  std::vector<Series> series;
};

/// The plot as SVG, drawn by gnuplot. Throws std::runtime_error where that is missing or fails.
std::string svg(const Plot& plot);

}  // namespace faceperturb::eval
