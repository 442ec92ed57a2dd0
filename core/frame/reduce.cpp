// SPDX-License-Identifier: LGPL-2.1-or-later
#include "frame/reduce.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace faceperturb {
namespace {

// Of a block of so many pixels a side, every fourth row is read.
constexpr int sparse = 8, sparse_step = 4;

// The processor's own look-ahead ends with each page of memory.
void fetch_ahead(const LumaView& luma, int row) {
  constexpr int ahead = 32;  // rows
  if (row + ahead >= luma.height) return;
  const std::uint8_t* data = luma.data + (row + ahead) * luma.stride;
  for (int x = 0; x < luma.width; x += 64) __builtin_prefetch(data + x);
}

// Two neighbours are taken as one 16-bit number, the order of whose bytes does not matter to their
// sum: compilers make full use of vectors of that.
int pair_sum(const std::uint8_t* pair) {
  std::uint16_t both;
  std::memcpy(&both, pair, 2);
  return (both & 255) + (both >> 8);
}

// Two rows to one of `width` pixels.
void halve_rows(const std::uint8_t* above, const std::uint8_t* below, int width,
                std::uint8_t* out) {
  for (int x = 0; x < width; ++x)
    out[x] =
        static_cast<std::uint8_t>((pair_sum(above + 2 * x) + pair_sum(below + 2 * x) + 2) >> 2);
}

void halve_row(const LumaView& luma, int y, int width, std::uint8_t* out) {
  fetch_ahead(luma, 2 * y);
  fetch_ahead(luma, 2 * y + 1);
  const std::uint8_t* const above = luma.data + 2 * y * luma.stride;
  halve_rows(above, above + luma.stride, width, out);
}

void halve(const LumaView& luma, std::uint8_t* out, std::ptrdiff_t stride) {
  for (int y = 0; y < luma.height / 2; ++y) halve_row(luma, y, luma.width / 2, out + y * stride);
}

void halve_twice(const LumaView& luma, std::uint8_t* out, std::ptrdiff_t stride) {
  const int width = luma.width / 4;
  static thread_local std::vector<std::uint8_t> rows;
  rows.resize(static_cast<std::size_t>(4 * width));
  std::uint8_t* const above = rows.data();
  std::uint8_t* const below = above + 2 * width;
  for (int y = 0; y < luma.height / 4; ++y) {
    halve_row(luma, 2 * y, 2 * width, above);
    halve_row(luma, 2 * y + 1, 2 * width, below);
    halve_rows(above, below, width, out + y * stride);
  }
}

// A block's first and fifth row; its eight sums of two are in numbers of 16 bits, in one of 64.
std::uint8_t mean_of_eight(const std::uint8_t* above, const std::uint8_t* below) {
  constexpr std::uint64_t low = 0x00ff00ff00ff00ff, ones = 0x0001000100010001;
  std::uint64_t a, b;
  std::memcpy(&a, above, sizeof a);
  std::memcpy(&b, below, sizeof b);
  const std::uint64_t sums = (a & low) + (a >> 8 & low) + (b & low) + (b >> 8 & low);
  return static_cast<std::uint8_t>(((sums * ones >> 48) + 8) >> 4);
}

void eighth(const LumaView& luma, std::uint8_t* out, std::ptrdiff_t stride) {
  const int width = luma.width / 8;
  for (int y = 0; y < luma.height / 8; ++y, out += stride) {
    fetch_ahead(luma, 8 * y);
    fetch_ahead(luma, 8 * y + sparse_step);
    const std::uint8_t* const above = luma.data + 8 * y * luma.stride;
    const std::uint8_t* const below = above + sparse_step * luma.stride;
    int x = 0;
#ifdef __SSE2__  // two blocks at once
    for (; x + 1 < width; x += 2) {
      const auto sums = [&](const std::uint8_t* row) {
        __m128i pixels;
        std::memcpy(&pixels, row + 8 * x, sizeof pixels);
        return _mm_sad_epu8(pixels, _mm_setzero_si128());
      };
      const __m128i sum = _mm_add_epi16(sums(above), sums(below));
      const __m128i mean = _mm_srli_epi16(_mm_add_epi16(sum, _mm_set1_epi64x(8)), 4);
      out[x] = static_cast<std::uint8_t>(_mm_cvtsi128_si32(mean));
      out[x + 1] = static_cast<std::uint8_t>(_mm_extract_epi16(mean, 4));
    }
#endif
    for (; x < width; ++x) out[x] = mean_of_eight(above + 8 * x, below + 8 * x);
  }
}

template <int N>
using Constant = std::integral_constant<int, N>;

// Adds `rows` rows, `stride` apart, to the sums of their pixels (`pair` = 1) or pairs of pixels
// (2), which are as nothing where they are `fresh`.
template <typename Rows, typename Pair>
void add_rows(const std::uint8_t* row, std::ptrdiff_t stride, Rows rows, Pair pair,
              std::span<std::uint16_t> sums, bool fresh) {
  for (std::size_t x = 0; x < sums.size(); ++x) {
    const std::uint8_t* at = row + x * pair;
    int sum = fresh ? 0 : sums[x];
    for (int i = 0; i < rows; ++i) {
      sum += pair == 2 ? pair_sum(at) : *at;
      at += stride;
    }
    sums[x] = static_cast<std::uint16_t>(sum);
  }
}

// The mean of every block. `by` is a constant for the common sizes, so that loops are unrolled; any
// number otherwise.
template <typename By, typename Pair>
void average_blocks(const LumaView& luma, By by, Pair pair, std::uint8_t* out,
                    std::ptrdiff_t stride) {
  const int step = by < sparse ? 1 : sparse_step, rows = (by + step - 1) / step, count = rows * by;
  const int parts = by / pair, width = luma.width / by;
  static thread_local std::vector<std::uint16_t> sums;
  for (int y = 0; y < luma.height / by; ++y) {
    sums.resize(static_cast<std::size_t>(width * parts));
    for (int i = 0; i < rows; i += 4) {
      const int first = y * by + i * step, more = std::min(4, rows - i);
      for (int k = 0; k < more; ++k) fetch_ahead(luma, first + k * step);
      const auto add = [&](auto n) {
        add_rows(luma.data + first * luma.stride, step * luma.stride, n, pair, sums, i == 0);
      };
      if (more == 1) add(Constant<1>{});
      if (more == 2) add(Constant<2>{});
      if (more == 3) add(Constant<3>{});
      if (more == 4) add(Constant<4>{});
    }
    const std::uint16_t* block = sums.data();
    std::uint8_t* const to = out + y * stride;
    for (int x = 0; x < width; ++x, block += parts) {
      int sum = count / 2;
      for (int i = 0; i < parts; ++i) sum += block[i];
      to[x] = static_cast<std::uint8_t>(sum / count);
    }
  }
}

template <typename By>
void average_blocks(const LumaView& luma, By by, std::uint8_t* out, std::ptrdiff_t stride) {
  if (by % 2 == 0)
    average_blocks(luma, by, Constant<2>{}, out, stride);
  else
    average_blocks(luma, by, Constant<1>{}, out, stride);
}

}  // namespace

void reduce(const LumaView& luma, int by, std::uint8_t* out, std::ptrdiff_t stride) {
  switch (by) {
    case 1:
      for (int y = 0; y < luma.height; ++y)
        std::copy_n(luma.data + y * luma.stride, luma.width, out + y * stride);
      return;
    case 2:
      return halve(luma, out, stride);
    case 3:
      return average_blocks(luma, Constant<3>{}, out, stride);
    case 4:
      return halve_twice(luma, out, stride);
    case 5:
      return average_blocks(luma, Constant<5>{}, out, stride);
    case 6:
      return average_blocks(luma, Constant<6>{}, out, stride);
    case 7:
      return average_blocks(luma, Constant<7>{}, out, stride);
    case 8:
      return eighth(luma, out, stride);
    default:
      return average_blocks(luma, by, out, stride);
  }
}

}  // namespace faceperturb
