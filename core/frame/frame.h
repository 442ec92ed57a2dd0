// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "frame/format.h"

namespace faceperturb {

struct Plane {
  std::uint8_t* data = nullptr;
  std::ptrdiff_t stride = 0;  ///< bytes from one row of units to the next
};

/// A view of one picture in somebody else's memory: the caller keeps the planes alive and writable
/// for as long as the view is used. YV12's second plane in memory is V, as in GStreamer.
struct Frame {
  const FormatInfo* format = nullptr;
  int width = 0;   ///< luma pixels
  int height = 0;  ///< luma pixels
  std::array<Plane, 3> planes;

  /// Size of plane `p` in units; a unit that reaches over the edge counts.
  int units_across(int p) const;
  int units_down(int p) const;
};

/// Whether the frame can be used: every plane of `frame` lies wholly within its memory, given as
/// [begin, end) for each plane, and no row runs into the next.
bool fits(const Frame& frame, const std::array<std::span<const std::uint8_t>, 3>& memory);

/// Overwrites the whole picture with opaque black.
void cover(const Frame& frame);
/// The same with a part of it, in luma pixels, as far as it lies in the frame; its corner is on
/// whole units.
void cover(const Frame& frame, int x, int y, int width, int height);

/// 8-bit brightness of a frame, rows `stride` bytes apart.
struct LumaView {
  const std::uint8_t* data = nullptr;
  int width = 0;
  int height = 0;
  std::ptrdiff_t stride = 0;
};

/// Reads a frame's brightness: a view of the frame's own plane where that is 8-bit luma, otherwise
/// a converted copy (RGB by ITU-R BT.601 weights) in memory that is kept for the next frame.
class LumaReader {
 public:
  /// The result is valid until the next call and no longer than the frame.
  LumaView read(const Frame& frame);

 private:
  std::vector<std::uint8_t> copy_;
};

}  // namespace faceperturb
