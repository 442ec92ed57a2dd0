// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record/fingerprint.h"

#include <sodium.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "record/rows.h"

namespace faceperturb {
namespace {

constexpr int fields = 8;           // across and down
constexpr double least_spread = 1;  // grey levels squared, of a thumbnail that says something

struct Mean {
  std::array<std::uint32_t, fields * fields> sum{}, count{};

  void add(int field, std::uint8_t value) {
    sum[static_cast<std::size_t>(field)] += value;
    ++count[static_cast<std::size_t>(field)];
  }
  Thumbnail rounded() const {
    Thumbnail result{};
    for (std::size_t i = 0; i < result.size(); ++i)
      if (count[i] > 0)
        result[i] = static_cast<std::uint8_t>(std::max(1U, (sum[i] + count[i] / 2) / count[i]));
    return result;
  }
};

struct Area {
  int left = std::numeric_limits<int>::max(), top = left;
  int right = std::numeric_limits<int>::lowest(), bottom = right;
};

// A part of a frame; `area` begins on whole units.
Frame part(const Frame& frame, const Area& area) {
  Frame result = frame;
  result.width = area.right - area.left;
  result.height = area.bottom - area.top;
  for (int p = 0; p < frame.format->plane_count; ++p) {
    const auto& format = frame.format->planes[static_cast<std::size_t>(p)];
    Plane& plane = result.planes[static_cast<std::size_t>(p)];
    plane.data += area.top / format.unit_height * plane.stride +
                  area.left / format.unit_width * format.unit_bytes;
  }
  return result;
}

}  // namespace

Fingerprinter::OfCells Fingerprinter::cells(const Frame& frame, const CellGrid& grid,
                                            std::span<const Cell> cells) {
  Mean mean;
  if (cells.empty()) return {};
  Area area;
  for (const Cell cell : cells) {
    area.left = std::min(area.left, cell.column * grid.cell_width);
    area.top = std::min(area.top, cell.row * grid.cell_height);
    area.right = std::max(area.right, (cell.column + 1) * grid.cell_width);
    area.bottom = std::max(area.bottom, (cell.row + 1) * grid.cell_height);
  }
  area.right = std::min(area.right, frame.width);
  area.bottom = std::min(area.bottom, frame.height);
  const LumaView luma = luma_.read(part(frame, area));
  for (const Cell cell : cells) {
    const int x0 = cell.column * grid.cell_width - area.left;
    const int y0 = cell.row * grid.cell_height - area.top;
    const int x1 = std::min(x0 + grid.cell_width, luma.width);
    const int y1 = std::min(y0 + grid.cell_height, luma.height);
    for (int y = y0; y < y1; ++y) {
      const int row = y * fields / luma.height * fields;
      for (int x = x0; x < x1; ++x)
        mean.add(row + x * fields / luma.width, luma.data[y * luma.stride + x]);
    }
  }
  OfCells result{mean.rounded(), {}};
  std::ranges::copy(mean.count, result.pixels.begin());
  return result;
}

Overview Fingerprinter::overview(const Frame& frame) {
  // A band of rows through each row of fields.
  Mean mean;
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, std::tuple_size_v<Digest>);
  constexpr int rows = 4;  // of a band; whole units of every format
  for (int band = 0; band < fields; ++band) {
    const int top = (2 * band + 1) * frame.height / (2 * fields) / rows * rows;
    const Frame strip = part(frame, {0, top, frame.width, std::min(top + rows, frame.height)});
    const LumaView luma = luma_.read(strip);
    const int step = std::max(1, luma.width / (8 * fields));
    for (int y = 0; y < luma.height; ++y)
      for (int x = step / 2; x < luma.width; x += step)
        mean.add(band * fields + x * fields / luma.width, luma.data[y * luma.stride + x]);
    for (int p = 0; p < frame.format->plane_count; ++p) {
      const auto i = static_cast<std::size_t>(p);
      const int bytes = strip.units_across(p) * frame.format->planes[i].unit_bytes;
      for (int y = 0; y < strip.units_down(p); ++y)
        crypto_generichash_update(&state, strip.planes[i].data + y * strip.planes[i].stride,
                                  static_cast<std::size_t>(bytes));
    }
  }
  Overview result{mean.rounded(), {}};
  crypto_generichash_final(&state, result.digest.data(), result.digest.size());
  return result;
}

Digest digest(const Frame& frame, const CellGrid& grid, std::span<const Cell> cells) {
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, std::tuple_size_v<Digest>);
  for_each_row(frame, grid, cells, [&](std::span<std::uint8_t> row, int) {
    crypto_generichash_update(&state, row.data(), row.size());
  });
  Digest result;
  crypto_generichash_final(&state, result.data(), result.size());
  return result;
}

void Likeness::add(const Thumbnail& a, const Thumbnail& b) {
  Weights even;
  even.fill(1);
  add(a, b, even, SIZE_MAX);
}

void Likeness::add(const Thumbnail& a, const Thumbnail& b, const Weights& weights,
                   std::size_t pieces) {
  double weight = 0, mean_a = 0, mean_b = 0;
  const auto each = [&](auto use) {
    for (std::size_t i = 0; i < a.size(); ++i)
      if (a[i] != 0 && b[i] != 0) use(double{weights[i]}, double(a[i]), double(b[i]));
  };
  each([&](double w, double x, double y) { weight += w, mean_a += w * x, mean_b += w * y; });
  if (weight == 0) return;
  mean_a /= weight, mean_b /= weight;
  each([&](double w, double x, double y) {
    x -= mean_a, y -= mean_b;
    squared_ += w * w;
    aa_ += w * x * x, bb_ += w * y * y, ab_ += w * x * y;
  });
  weight_ += weight;
  pieces_ += static_cast<double>(pieces);
  ++means_;
}

Match Likeness::match(double significant) const {
  if (weight_ == 0) return Match::unknown;
  // How many fields of one weight would say as much (Kish, "Survey Sampling", 1965); and fields
  // that share a piece say the same.
  const double count = std::min(weight_ * weight_ / squared_, pieces_ / 2);
  const double freedom = count - means_ - 2;
  if (freedom < 6 || bb_ < least_spread * weight_) return Match::unknown;
  const double correlation = aa_ > 0 ? std::min(ab_ / std::sqrt(aa_ * bb_), 1 - 1e-9) : 0;
  return std::atanh(correlation) * std::sqrt(freedom) >= significant ? Match::yes : Match::no;
}

}  // namespace faceperturb
