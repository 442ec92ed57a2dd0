// SPDX-License-Identifier: LGPL-2.1-or-later
#include "frame/format.h"

#include <algorithm>

namespace faceperturb {
namespace {

constexpr PlaneFormat unused{};
constexpr PlaneFormat luma8{1, 1, 1, {16}, 1, {{{0, 0}}}};

// A plane of one chroma channel, or of two that alternate.
constexpr PlaneFormat chroma8(int width, int height, std::uint8_t channel) {
  return {1, width, height, {128}, 1, {{{0, channel, 0, static_cast<std::uint8_t>(width)}}}};
}
constexpr PlaneFormat chroma_pair8(int width, int height, std::uint8_t first) {
  const auto second = static_cast<std::uint8_t>(3 - first);
  const auto w = static_cast<std::uint8_t>(width);
  return {2, width, height, {128, 128}, 2, {{{0, first, 0, w}, {1, second, 0, w}}}};
}

// `u`: the plane that has U, 1 or 2.
constexpr FormatInfo planar(PixelFormat format, std::string_view name, int width, int height,
                            std::uint8_t u = 1) {
  return {
      format,
      name,
      ColourModel::yuv,
      3,
      {luma8, chroma8(width, height, u), chroma8(width, height, static_cast<std::uint8_t>(3 - u))}};
}

constexpr FormatInfo semi_planar(PixelFormat format, std::string_view name, int width, int height,
                                 std::uint8_t first = 1) {
  return {format, name, ColourModel::yuv, 2, {luma8, chroma_pair8(width, height, first), unused}};
}

constexpr FormatInfo packed(PixelFormat format, std::string_view name, ColourModel colour,
                            PlaneFormat plane) {
  return {format, name, colour, 1, {plane, unused, unused}};
}

// RGB by the byte offsets of its parts. The fourth byte, alpha or padding, is opaque in black: some
// converters take padding for alpha.
constexpr FormatInfo packed_rgb(PixelFormat format, std::string_view name, int bytes,
                                std::uint8_t r, std::uint8_t g, std::uint8_t b) {
  PlaneFormat plane{bytes, 1, 1, {}, 3, {{{r, 0}, {g, 1}, {b, 2}}}};
  if (bytes == 4) plane.black[static_cast<std::size_t>(6 - r - g - b)] = 255;
  return packed(format, name, ColourModel::rgb, plane);
}

using enum PixelFormat;
constexpr std::array table{
    planar(i420, "I420", 2, 2),
    planar(yv12, "YV12", 2, 2, 2),
    semi_planar(nv12, "NV12", 2, 2),
    semi_planar(nv21, "NV21", 2, 2, 2),
    planar(y42b, "Y42B", 2, 1),
    semi_planar(nv16, "NV16", 2, 1),
    planar(y444, "Y444", 1, 1),
    packed(yuy2, "YUY2", ColourModel::yuv,
           {4, 2, 1, {16, 128, 16, 128}, 4, {{{0, 0, 0}, {1, 1, 0, 2}, {2, 0, 1}, {3, 2, 0, 2}}}}),
    packed(uyvy, "UYVY", ColourModel::yuv,
           {4, 2, 1, {128, 16, 128, 16}, 4, {{{0, 1, 0, 2}, {1, 0, 0}, {2, 2, 0, 2}, {3, 0, 1}}}}),
    packed(ayuv, "AYUV", ColourModel::yuv,
           {4, 1, 1, {255, 16, 128, 128}, 3, {{{1, 0}, {2, 1}, {3, 2}}}}),
    packed(gray8, "GRAY8", ColourModel::gray, {1, 1, 1, {0}, 1, {{{0, 0}}}}),
    packed_rgb(rgb, "RGB", 3, 0, 1, 2),
    packed_rgb(bgr, "BGR", 3, 2, 1, 0),
    packed_rgb(rgbx, "RGBx", 4, 0, 1, 2),
    packed_rgb(xrgb, "xRGB", 4, 1, 2, 3),
    packed_rgb(bgrx, "BGRx", 4, 2, 1, 0),
    packed_rgb(xbgr, "xBGR", 4, 3, 2, 1),
    packed_rgb(rgba, "RGBA", 4, 0, 1, 2),
    packed_rgb(argb, "ARGB", 4, 1, 2, 3),
    packed_rgb(bgra, "BGRA", 4, 2, 1, 0),
    packed_rgb(abgr, "ABGR", 4, 3, 2, 1),
    // 10 bit: 64 is black and 512 is no colour; P010 keeps its 10 bits at the top of 16.
    FormatInfo{i420_10le,
               "I420_10LE",
               ColourModel::yuv,
               3,
               {PlaneFormat{2, 1, 1, {0x40, 0x00}, 1, {{{0, 0}}}},
                PlaneFormat{2, 2, 2, {0x00, 0x02}, 1, {{{0, 1, 0, 2}}}},
                PlaneFormat{2, 2, 2, {0x00, 0x02}, 1, {{{0, 2, 0, 2}}}}},
               2,
               10,
               0},
    FormatInfo{
        p010_10le,
        "P010_10LE",
        ColourModel::yuv,
        2,
        {PlaneFormat{2, 1, 1, {0x00, 0x10}, 1, {{{0, 0}}}},
         PlaneFormat{4, 2, 2, {0x00, 0x80, 0x00, 0x80}, 2, {{{0, 1, 0, 2}, {2, 2, 0, 2}}}}, unused},
        2,
        10,
        6},
};

constexpr bool in_enum_order() {
  for (std::size_t i = 0; i < table.size(); ++i)
    if (static_cast<std::size_t>(table[i].format) != i) return false;
  return true;
}
static_assert(in_enum_order());

}  // namespace

int FormatInfo::chroma_width() const {
  return std::max({planes[0].unit_width, planes[1].unit_width, planes[2].unit_width});
}

int FormatInfo::chroma_height() const {
  return std::max({planes[0].unit_height, planes[1].unit_height, planes[2].unit_height});
}

std::span<const FormatInfo> formats() { return table; }

const FormatInfo& format_info(PixelFormat format) {
  return table[static_cast<std::size_t>(format)];
}

const FormatInfo* find_format(std::string_view name) {
  const auto found = std::ranges::find(table, name, &FormatInfo::name);
  return found == table.end() ? nullptr : &*found;
}

}  // namespace faceperturb
