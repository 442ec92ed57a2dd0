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

Thumbnail Fingerprinter::thumbnail(const Frame& frame, const CellGrid& grid,
                                   std::span<const Cell> cells) {
  Mean mean;
  if (cells.empty()) return mean.rounded();
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
  return mean.rounded();
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

void Likeness::add(const Thumbnail& a, const Thumbnail& b, std::size_t pieces) {
  double count = 0, mean_a = 0, mean_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == 0 || b[i] == 0) continue;
    ++count, mean_a += a[i], mean_b += b[i];
  }
  if (count == 0) return;
  mean_a /= count, mean_b /= count;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == 0 || b[i] == 0) continue;
    aa_ += (a[i] - mean_a) * (a[i] - mean_a);
    bb_ += (b[i] - mean_b) * (b[i] - mean_b);
    ab_ += (a[i] - mean_a) * (b[i] - mean_b);
  }
  count_ += std::min(count, static_cast<double>(pieces));
  ++means_;
}

Match Likeness::match(double significant) const {
  const double freedom = count_ - means_ - 2;
  if (freedom < 6 || bb_ < least_spread * count_) return Match::unknown;
  const double correlation = aa_ > 0 ? std::min(ab_ / std::sqrt(aa_ * bb_), 1 - 1e-9) : 0;
  return std::atanh(correlation) * std::sqrt(freedom) >= significant ? Match::yes : Match::no;
}

}  // namespace faceperturb
