// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perturb/rank_mover.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace faceperturb {
namespace {

// Calls `visit(bytes of a cell, rank)` for every cell of the runs.
template <typename Visit>
void for_each_rank(const PlaneCells& plane, std::span<const CellRun> runs,
                   std::span<const std::uint16_t> keys, std::uint32_t* next, Visit visit) {
  const std::ptrdiff_t step = plane.column_bytes;
  const std::uint16_t* key = keys.data();
  for (const CellRun& run : runs) {
    std::uint8_t* at = plane.begin(run.first);
    for (const std::uint16_t* const end = key + run.count; key != end; ++key, at += step)
      visit(at, next[*key]++);
  }
}

template <int N>
using Bytes = std::integral_constant<int, N>;

// `width` is a constant for the common sizes, so that memcpy becomes a move.
template <typename Width>
void take(const PlaneCells& plane, Width width, std::span<const CellRun> runs,
          std::span<const std::uint16_t> keys, std::uint32_t* next, std::uint8_t* content) {
  const auto bytes = static_cast<std::size_t>(width);
  const int height = plane.height;
  const std::ptrdiff_t stride = plane.stride;
  for_each_rank(plane, runs, keys, next, [=](const std::uint8_t* cell, std::uint32_t rank) {
    std::uint8_t* out = content + rank * bytes * static_cast<std::size_t>(height);
    for (int y = 0; y < height; ++y, cell += stride, out += bytes) std::memcpy(out, cell, bytes);
  });
}

// The same where a cell is one byte, which all cells with its key share.
void take_bytes(const PlaneCells& plane, std::span<const CellRun> runs,
                std::span<const std::uint16_t> keys, std::span<const std::uint32_t> starts,
                std::uint8_t* content) {
  const std::ptrdiff_t step = plane.column_bytes;
  const std::uint16_t* key = keys.data();
  for (const CellRun& run : runs) {
    const std::uint8_t* at = plane.begin(run.first);
    for (int i = 0; i < run.count; ++i, at += step) content[starts[*key++]] = *at;
  }
  for (std::size_t k = 0; k + 1 < starts.size(); ++k)
    if (const std::size_t count = starts[k + 1] - starts[k])
      std::memset(content + starts[k], content[starts[k]], count);
}

template <typename Width>
void put(const PlaneCells& plane, Width width, std::span<const CellRun> runs,
         std::span<const std::uint16_t> keys, std::uint32_t* next, const std::uint8_t* content) {
  const auto bytes = static_cast<std::size_t>(width);
  const int height = plane.height;
  const std::ptrdiff_t stride = plane.stride;
  for_each_rank(plane, runs, keys, next, [=](std::uint8_t* cell, std::uint32_t rank) {
    const std::uint8_t* in = content + rank * bytes * static_cast<std::size_t>(height);
    for (int y = 0; y < height; ++y, cell += stride, in += bytes) std::memcpy(cell, in, bytes);
  });
}

template <typename Visit>
void for_width(int width, Visit visit) {
  switch (width) {
    case 1:
      return visit(Bytes<1>{});
    case 2:
      return visit(Bytes<2>{});
    case 3:
      return visit(Bytes<3>{});
    case 4:
      return visit(Bytes<4>{});
    default:
      return visit(width);
  }
}

}  // namespace

void KeyCounts::count(std::span<const std::uint16_t> keys, std::size_t limit) {
  // Neighbours are often equal: in two tables they need not wait for each other.
  starts_.assign(limit + 1, 0);
  more_.assign(limit, 0);
  std::uint32_t* const even = starts_.data() + 1;
  std::uint32_t* const odd = more_.data();
  std::size_t i = 0;
  for (; i + 1 < keys.size(); i += 2) ++even[keys[i]], ++odd[keys[i + 1]];
  if (i < keys.size()) ++even[keys[i]];
  for (std::size_t key = 0; key < limit; ++key) starts_[key + 1] += starts_[key] + more_[key];
}

void RankMover::permute(const Frame& frame, const Layer& layer, std::span<const CellRun> runs,
                        std::span<const std::uint16_t> keys, const KeyCounts& key_counts,
                        std::span<const std::uint16_t> wishes, const KeyCounts& wish_counts) {
  for (int p = layer.planes.first; p < layer.planes.end; ++p) {
    const PlaneCells plane(frame, layer.grid, p, runs.front().first);
    const auto bytes =
        static_cast<std::size_t>(plane.width_bytes) * static_cast<std::size_t>(plane.height);
    content_.resize(std::max(content_.size(), keys.size() * bytes));
    for_width(plane.width_bytes, [&](auto width) {
      if (bytes == 1) {
        take_bytes(plane, runs, keys, key_counts.starts(), content_.data());
      } else {
        next_.assign(key_counts.starts().begin(), key_counts.starts().end());
        take(plane, width, runs, keys, next_.data(), content_.data());
      }
      next_.assign(wish_counts.starts().begin(), wish_counts.starts().end());
      put(plane, width, runs, wishes, next_.data(), content_.data());
    });
  }
}

}  // namespace faceperturb
