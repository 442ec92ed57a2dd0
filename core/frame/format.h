// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace faceperturb {

/// The raw video formats that can be protected in place. Memory layouts are those of GStreamer's
/// video formats of the same name.
enum class PixelFormat {
  i420,
  yv12,
  nv12,
  nv21,
  y42b,
  nv16,
  y444,
  yuy2,
  uyvy,
  ayuv,
  gray8,
  rgb,
  bgr,
  rgbx,
  xrgb,
  bgrx,
  xbgr,
  rgba,
  argb,
  bgra,
  abgr,
  i420_10le,
  p010_10le,
};

/// A plane is a grid of units: the smallest group of bytes that can be moved as a whole. A unit
/// covers width x height luma pixels (a YUY2 unit is 4 bytes and covers 2 x 1 pixels).
struct PlaneFormat {
  int unit_bytes;
  int unit_width;
  int unit_height;
  std::array<std::uint8_t, 4> black;  ///< the unit's bytes for an opaque black picture
};

/// Everything the library knows about a format; no code branches on PixelFormat.
struct FormatInfo {
  PixelFormat format;
  std::string_view name;  ///< GStreamer's name, e.g. "NV12"
  int plane_count;        ///< 1 to 3
  std::array<PlaneFormat, 3> planes;

  /// Where brightness is read, all in plane 0: byte offsets of Y, or of R, G, B.
  struct Luma {
    bool from_rgb;
    std::array<int, 3> offsets;
    int step;          ///< bytes from one pixel to the next
    int sample_bytes;  ///< 1, or 2 (little endian)
    int shift;         ///< right shift that leaves 8 bits
  } luma;

  /// Chroma sub-sampling: the least common cell of all planes, in luma pixels.
  int chroma_width() const;
  int chroma_height() const;
};

std::span<const FormatInfo> formats();
const FormatInfo& format_info(PixelFormat format);
/// The format of GStreamer's name, or nullptr.
const FormatInfo* find_format(std::string_view name);

}  // namespace faceperturb
