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
/// How much each field of a thumbnail counts.
using Weights = std::array<float, 64>;
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
  struct OfCells {
    Thumbnail thumbnail;
    Weights pixels;  ///< of each field
  };
  /// Of `cells`, laid on their bounding box.
  OfCells cells(const Frame& frame, const CellGrid& grid, std::span<const Cell> cells);
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
  /// Standard deviations of Fisher's z of the correlation. Measured, of frames that were undone by
  /// another frame's record, with faces of 16 pixels: one in 8,000 reaches the first, none of
  /// 95,600 the second; with faces of 60 pixels none reaches the first. Their own records reach 15
  /// and 39 under noise of 8 grey levels.
  static constexpr double likely = 5, certain = 8;

  void add(const Thumbnail& a, const Thumbnail& b);
  /// Fields of cells: `weights` are inverse to the variance that cells which do not belong there
  /// would give them, so that a field of few pixels is no surprise. `pieces`: how many things stand
  /// in the picture for themselves; fields within one are no more evidence than it is.
  void add(const Thumbnail& a, const Thumbnail& b, const Weights& weights, std::size_t pieces);
  Match match(double significant = likely) const;

 private:
  double weight_ = 0, squared_ = 0;  // of all fields: the sums of their weights and of the squares
  double pieces_ = 0, means_ = 0;    // things, thumbnails
  double aa_ = 0, bb_ = 0, ab_ = 0;
};

}  // namespace faceperturb
