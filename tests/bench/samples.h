// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

namespace bench {

using Clock = std::chrono::steady_clock;

inline double milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

/// Measured times of one thing, in any unit.
class Samples {
 public:
  void add(double value) { values_.push_back(value); }
  bool empty() const { return values_.empty(); }
  std::size_t size() const { return values_.size(); }
  double sum() const {
    double sum = 0;
    for (const double value : values_) sum += value;
    return sum;
  }
  /// The value that a fraction of all is not above; 0.5 is the median.
  double quantile(double fraction) const {
    std::vector<double> sorted = values_;
    const auto place = static_cast<std::ptrdiff_t>(std::min(
        static_cast<double>(sorted.size()) - 1, fraction * static_cast<double>(sorted.size())));
    std::ranges::nth_element(sorted, sorted.begin() + place);
    return sorted[static_cast<std::size_t>(place)];
  }

 private:
  std::vector<double> values_;
};

}  // namespace bench
