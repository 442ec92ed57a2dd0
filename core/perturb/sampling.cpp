// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perturb/sampling.h"

#include <cmath>
#include <cstring>
#include <opencv2/core/hal/intrin.hpp>

namespace faceperturb {
namespace {

constexpr int fraction = 16;  // bits of a coordinate
constexpr float one = 1 << fraction;
constexpr float furthest = 1 << 14;  // pixels from the map's origin: such coordinates fit
constexpr int weight_bits = 7;
constexpr int whole = 1 << weight_bits;

// The same by one after another and by four at a time.
class Pixels {
 public:
  explicit Pixels(const cv::Mat& map)
      : data_(map.ptr<std::uint16_t>()), stride_(static_cast<int>(map.step1())) {}

  std::uint16_t between(int x, int y) const {
    const std::uint16_t* p = data_ + (y >> fraction) * stride_ + (x >> fraction);
    const int u = x >> (fraction - weight_bits) & (whole - 1);
    const int v = y >> (fraction - weight_bits) & (whole - 1);
    const int above = ((whole - u) * p[0] + u * p[1]) >> weight_bits;
    const int below = ((whole - u) * p[stride_] + u * p[stride_ + 1]) >> weight_bits;
    return static_cast<std::uint16_t>(((whole - v) * above + v * below) >> weight_bits);
  }

  cv::v_int32x4 between(const cv::v_int32x4& x, const cv::v_int32x4& y) const {
    int at[4];
    cv::v_store(at, (x >> fraction) + cv::v_dotprod(cv::v_reinterpret_as_s16(y >> fraction),
                                                    cv::v_setall_s16(static_cast<short>(stride_))));
    const cv::v_int16x8 u = weights(x);
    const cv::v_int32x4 above = row(data_, at, u), below = row(data_ + stride_, at, u);
    return cv::v_dotprod(cv::v_reinterpret_as_s16(above | (below << 16)), weights(y)) >>
           weight_bits;
  }

 private:
  // Pairs of the weight of one pixel and of the next.
  static cv::v_int16x8 weights(const cv::v_int32x4& position) {
    const cv::v_int32x4 next = (position >> (fraction - weight_bits)) & cv::v_setall_s32(whole - 1);
    return cv::v_reinterpret_as_s16((next << 16) | (cv::v_setall_s32(whole) - next));
  }
  // Two neighbours at each of four places; cv::v_lut_pairs would take them for aligned.
  static cv::v_int32x4 row(const std::uint16_t* data, const int* at, const cv::v_int16x8& u) {
    int pairs[4];
    for (int i = 0; i < 4; ++i) std::memcpy(&pairs[i], data + at[i], sizeof pairs[i]);
    return cv::v_dotprod(cv::v_reinterpret_as_s16(cv::v_load(pairs)), u) >> weight_bits;
  }

  const std::uint16_t* data_;
  int stride_;
};

}  // namespace

MapSampler::MapSampler(const cv::Mat& map, const cv::Matx23f& matrix)
    : map_(map), matrix_(matrix), between_(matrix, map.size()) {}

std::uint16_t MapSampler::operator()(int column, int row) const {
  const auto at = between_(column, row);
  return Pixels(map_).between(static_cast<int>((static_cast<float>(at.x) + at.u) * one),
                              static_cast<int>((static_cast<float>(at.y) + at.v) * one));
}

void MapSampler::read(std::span<const CellRun> runs, std::span<std::uint16_t> values) const {
  const Pixels pixels(map_);
  // The last ones that have a next one.
  const int right = ((map_.cols - 1) << fraction) - 1, bottom = ((map_.rows - 1) << fraction) - 1;
  const auto inside = [&](int x, int y) { return x >= 0 && y >= 0 && x <= right && y <= bottom; };
  const cv::Matx23f m = matrix_;
  const cv::v_int32x4 number(0, 1, 2, 3), zero = cv::v_setzero_s32();
  std::uint16_t* out = values.data();
  for (const CellRun& run : runs) {
    const auto column = static_cast<float>(run.first.column);
    const auto row = static_cast<float>(run.first.row);
    const float first_x = m(0, 0) * column + m(0, 1) * row + m(0, 2);
    const float first_y = m(1, 0) * column + m(1, 1) * row + m(1, 2);
    const auto length = static_cast<float>(run.count + 4);
    const float reach = std::max(std::abs(first_x) + std::abs(m(0, 0)) * length,
                                 std::abs(first_y) + std::abs(m(1, 0)) * length);
    if (!(reach < furthest)) {
      for (int i = 0; i < run.count; ++i) *out++ = (*this)(run.first.column + i, run.first.row);
      continue;
    }
    int x = static_cast<int>(first_x * one), y = static_cast<int>(first_y * one);
    const int step_x = static_cast<int>(m(0, 0) * one), step_y = static_cast<int>(m(1, 0) * one);
    const bool clamp =
        !inside(x, y) || !inside(x + step_x * (run.count - 1), y + step_y * (run.count - 1));
    cv::v_int32x4 xs = cv::v_setall_s32(x) + cv::v_setall_s32(step_x) * number;
    cv::v_int32x4 ys = cv::v_setall_s32(y) + cv::v_setall_s32(step_y) * number;
    int i = 0;
    for (; i + 4 <= run.count; i += 4) {
      const cv::v_int32x4 px = clamp ? cv::v_min(cv::v_max(xs, zero), cv::v_setall_s32(right)) : xs;
      const cv::v_int32x4 py =
          clamp ? cv::v_min(cv::v_max(ys, zero), cv::v_setall_s32(bottom)) : ys;
      cv::v_pack_u_store(out + i, pixels.between(px, py));
      xs += cv::v_setall_s32(4 * step_x);
      ys += cv::v_setall_s32(4 * step_y);
    }
    for (; i < run.count; ++i)
      out[i] = pixels.between(std::clamp(x + i * step_x, 0, right),
                              std::clamp(y + i * step_y, 0, bottom));
    out += run.count;
  }
}

}  // namespace faceperturb
