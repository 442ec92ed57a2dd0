// SPDX-License-Identifier: LGPL-2.1-or-later
#include "frame/halve.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <vector>

namespace faceperturb {
namespace {

// Two rows to one of `width` pixels. Two neighbours are taken as one 16-bit number, the order of
// whose bytes does not matter to their sum: compilers make full use of vectors of that.
void halve_rows(const std::uint8_t* above, const std::uint8_t* below, int width,
                std::uint8_t* out) {
  for (int x = 0; x < width; ++x) {
    std::uint16_t a, b;
    std::memcpy(&a, above + 2 * x, 2);
    std::memcpy(&b, below + 2 * x, 2);
    const int sum = (a & 255) + (a >> 8) + (b & 255) + (b >> 8);
    out[x] = static_cast<std::uint8_t>((sum + 2) >> 2);
  }
}

// The processor's own look-ahead ends with each page of memory.
void fetch_ahead(const LumaView& luma, int row) {
  if (row >= luma.height) return;
  const std::uint8_t* data = luma.data + row * luma.stride;
  for (int x = 0; x < luma.width; x += 64) __builtin_prefetch(data + x);
}

// Row `y` of the picture halved so often; `rows` are memory for one row of each step but the last.
void make_row(const LumaView& luma, int times, int y, std::span<std::vector<std::uint8_t>> rows,
              std::uint8_t* out) {
  const int width = luma.width >> times;
  const auto row = [&](int number) { return luma.data + number * luma.stride; };
  if (times == 1) {
    constexpr int ahead = 32;  // rows
    fetch_ahead(luma, 2 * y + ahead);
    fetch_ahead(luma, 2 * y + ahead + 1);
    return halve_rows(row(2 * y), row(2 * y + 1), width, out);
  }
  // One above the other.
  std::uint8_t* const above = rows[static_cast<std::size_t>(times) - 2].data();
  std::uint8_t* const below = above + 2 * width;
  make_row(luma, times - 1, 2 * y, rows, above);
  make_row(luma, times - 1, 2 * y + 1, rows, below);
  halve_rows(above, below, width, out);
}

}  // namespace

void halve(const LumaView& luma, int times, std::uint8_t* out, std::ptrdiff_t stride) {
  const int width = luma.width >> times, height = luma.height >> times;
  if (times == 0) {
    for (int y = 0; y < height; ++y)
      std::copy_n(luma.data + y * luma.stride, width, out + y * stride);
    return;
  }
  static thread_local std::array<std::vector<std::uint8_t>, most_halvings - 1> rows;
  for (int step = 1; step < times; ++step)
    rows[static_cast<std::size_t>(step) - 1].resize(
        2 * 2 * static_cast<std::size_t>(luma.width >> (step + 1)));
  for (int y = 0; y < height; ++y) make_row(luma, times, y, rows, out + y * stride);
}

}  // namespace faceperturb
