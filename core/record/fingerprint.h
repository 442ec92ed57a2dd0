// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "frame/cells.h"
#include "frame/frame.h"

namespace faceperturb {

/// 8x8 fields of mean brightness, row by row: what of a picture outlasts a codec. 0: a field
/// without pixels; others count from 1 to 255.
using Thumbnail = std::array<std::uint8_t, 64>;
/// BLAKE2b-128.
using Digest = std::array<std::uint8_t, 16>;

/// Of a whole frame, from some of its rows.
struct Overview {
  Thumbnail thumbnail{};
  Digest digest{};
  friend bool operator==(const Overview&, const Overview&) = default;
};

enum class Match { no, unknown, yes };

/// Takes fingerprints of frames. Memory is kept from call to call.
class Fingerprinter {
 public:
  /// Of `cells`, laid on their bounding box.
  Thumbnail thumbnail(const Frame& frame, const CellGrid& grid, std::span<const Cell> cells);
  Overview overview(const Frame& frame);

 private:
  LumaReader luma_;
};

/// Of all bytes of `cells`, on all planes.
Digest digest(const Frame& frame, const CellGrid& grid, std::span<const Cell> cells);

/// Whether two pictures are of the same thing, by the correlation of their thumbnails, whatever
/// happened to brightness and contrast: `unknown` where the second has nothing to compare by.
class Likeness {
 public:
  /// Standard deviations of Fisher's z of the correlation: chance reaches the first in one of 4,000
  /// pictures, the second in one of 10^9.
  static constexpr double likely = 3.5, certain = 6;

  /// `pieces`: how many things stand in the picture for themselves; fields within one are no more
  /// evidence than it is.
  void add(const Thumbnail& a, const Thumbnail& b, std::size_t pieces = SIZE_MAX);
  Match match(double significant = likely) const;

 private:
  double count_ = 0, means_ = 0;  // fields, thumbnails
  double aa_ = 0, bb_ = 0, ab_ = 0;
};

}  // namespace faceperturb
