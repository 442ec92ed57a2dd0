// SPDX-License-Identifier: LGPL-2.1-or-later
#include "frame/frame.h"

#include <algorithm>
#include <cstring>

namespace faceperturb {
namespace {

int divide_up(int value, int by) { return (value + by - 1) / by; }

}  // namespace

int Frame::units_across(int p) const {
  return divide_up(width, format->planes[static_cast<std::size_t>(p)].unit_width);
}

int Frame::units_down(int p) const {
  return divide_up(height, format->planes[static_cast<std::size_t>(p)].unit_height);
}

bool fits(const Frame& frame, const std::array<std::span<const std::uint8_t>, 3>& memory) {
  for (int p = 0; p < frame.format->plane_count; ++p) {
    const auto i = static_cast<std::size_t>(p);
    const Plane& plane = frame.planes[i];
    const std::ptrdiff_t row =
        std::ptrdiff_t{frame.units_across(p)} * frame.format->planes[i].unit_bytes;
    const std::ptrdiff_t needed = plane.stride * (frame.units_down(p) - 1) + row;
    const std::ptrdiff_t before = plane.data - memory[i].data();
    if (plane.stride < row || before < 0 ||
        before + needed > static_cast<std::ptrdiff_t>(memory[i].size()))
      return false;
  }
  return true;
}

void cover(const Frame& frame) { cover(frame, 0, 0, frame.width, frame.height); }

void cover(const Frame& frame, int x0, int y0, int width, int height) {
  for (int p = 0; p < frame.format->plane_count; ++p) {
    const auto& layout = frame.format->planes[static_cast<std::size_t>(p)];
    const auto& plane = frame.planes[static_cast<std::size_t>(p)];
    const auto unit = static_cast<std::size_t>(layout.unit_bytes);
    const int left = x0 / layout.unit_width, top = y0 / layout.unit_height;
    const int right = std::min(divide_up(x0 + width, layout.unit_width), frame.units_across(p));
    const int bottom = std::min(divide_up(y0 + height, layout.unit_height), frame.units_down(p));
    if (left >= right || top >= bottom) continue;
    // The first row unit by unit, the others as copies of it.
    std::uint8_t* const first = plane.data + top * plane.stride + left * layout.unit_bytes;
    const std::size_t row = static_cast<std::size_t>(right - left) * unit;
    for (std::size_t at = 0; at < row; ++at) first[at] = layout.black[at % unit];
    for (int y = top + 1; y < bottom; ++y)
      std::memcpy(plane.data + y * plane.stride + left * layout.unit_bytes, first, row);
  }
}

LumaView LumaReader::read(const Frame& frame) {
  const FormatInfo& format = *frame.format;
  const PlaneFormat& layout = format.planes[0];
  const Plane& plane = frame.planes[0];
  if (layout.unit_bytes == 1) return {plane.data, frame.width, frame.height, plane.stride};

  const auto width = static_cast<std::size_t>(frame.width);
  copy_.resize(width * static_cast<std::size_t>(frame.height));
  std::uint8_t* out = copy_.data();
  const int step = layout.unit_bytes / layout.unit_width;
  const auto offset = [&](std::size_t i) { return layout.samples[i].offset; };
  for (int y = 0; y < frame.height; ++y) {
    const std::uint8_t* row = plane.data + y * plane.stride;
    if (format.colour == ColourModel::rgb) {
      const std::uint8_t* r = row + offset(0);
      const std::uint8_t* g = row + offset(1);
      const std::uint8_t* b = row + offset(2);
      for (int x = 0, i = 0; x < frame.width; ++x, i += step)
        *out++ = static_cast<std::uint8_t>((77 * r[i] + 150 * g[i] + 29 * b[i]) >> 8);
    } else {
      const auto luma = std::ranges::find(layout.samples, 0, &SampleFormat::channel);
      const std::uint8_t* in = row + luma->offset;
      const bool wide = format.sample_bytes == 2;
      const int shift = format.sample_shift + format.sample_bits - 8;
      for (int x = 0; x < frame.width; ++x, in += step)
        *out++ = static_cast<std::uint8_t>((wide ? in[0] | in[1] << 8 : in[0]) >> shift);
    }
  }
  return {copy_.data(), frame.width, frame.height, frame.width};
}

}  // namespace faceperturb
