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

/// One number of a unit. A number that several pixels share has the width of the unit.
struct SampleFormat {
  std::uint8_t offset;      ///< bytes from the unit's start
  std::uint8_t channel;     ///< 0, 1, 2: Y, U, V or R, G, B
  std::uint8_t column = 0;  ///< luma pixels from the unit's left side
  std::uint8_t width = 1;   ///< luma pixels
};

/// A plane is a grid of units: the smallest group of bytes that can be moved as a whole. A unit
/// covers width x height luma pixels (a YUY2 unit is 4 bytes and covers 2 x 1 pixels).
struct PlaneFormat {
  int unit_bytes = 0;
  int unit_width = 1;
  int unit_height = 1;
  std::array<std::uint8_t, 4> black{};  ///< the unit's bytes for an opaque black picture
  int sample_count = 0;
  std::array<SampleFormat, 4> samples{};  ///< those of colour, not alpha or padding

  std::span<const SampleFormat> colour() const {
    return std::span(samples).first(static_cast<std::size_t>(sample_count));
  }
};

enum class ColourModel { gray, yuv, rgb };

/// Everything the library knows about a format; no code branches on PixelFormat.
struct FormatInfo {
  PixelFormat format;
  std::string_view name;  ///< GStreamer's name, e.g. "NV12"
  ColourModel colour;
  int plane_count;  ///< 1 to 3
  std::array<PlaneFormat, 3> planes;

  /// A sample is little endian: its number is (bytes >> sample_shift), 0 to sample_max().
  int sample_bytes = 1;
  int sample_bits = 8;
  int sample_shift = 0;

  int sample_max() const { return (1 << sample_bits) - 1; }
  /// 1 for grey, else 3.
  int channels() const { return colour == ColourModel::gray ? 1 : 3; }
  /// Chroma sub-sampling: the least common cell of all planes, in luma pixels.
  int chroma_width() const;
  int chroma_height() const;
};

std::span<const FormatInfo> formats();
const FormatInfo& format_info(PixelFormat format);
/// The format of GStreamer's name, or nullptr.
const FormatInfo* find_format(std::string_view name);

}  // namespace faceperturb
