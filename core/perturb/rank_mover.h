// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "perturb/layers.h"

namespace faceperturb {

/// How many of some keys are below each: a counting sort's first half.
class KeyCounts {
 public:
  /// Every key is below `limit`.
  void count(std::span<const std::uint16_t> keys, std::size_t limit);

  /// starts()[key], up to and with `limit`: the keys that are less.
  std::span<const std::uint32_t> starts() const { return starts_; }

 private:
  std::vector<std::uint32_t> starts_;
  std::vector<std::uint32_t> more_;
};

/// Moves cells by rank: the one with the k-th least key comes to the place with the k-th least
/// wish. Of equal ones, the order of the runs counts.
class RankMover {
 public:
  /// Runs of one shape, on all planes of the layer; keys and wishes have one for each cell, and
  /// what KeyCounts makes of them.
  void permute(const Frame& frame, const Layer& layer, std::span<const CellRun> runs,
               std::span<const std::uint16_t> keys, const KeyCounts& key_counts,
               std::span<const std::uint16_t> wishes, const KeyCounts& wish_counts);

 private:
  std::vector<std::uint32_t> next_;    // rank of the next one of a key
  std::vector<std::uint8_t> content_;  // of the cells, by rank
};

}  // namespace faceperturb
