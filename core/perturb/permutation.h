// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "perturb/random.h"

namespace faceperturb {

/// Moves a uniformly chosen sample of `count` of the items to the front, in random order
/// (Fisher-Yates; Durstenfeld 1964). With `count` >= items.size() the whole is shuffled: every
/// order is equally likely.
template <typename T>
void draw_to_front(std::span<T> items, std::size_t count, RandomStream& random) {
  for (std::size_t i = 0; i < count && i + 1 < items.size(); ++i)
    std::swap(items[i], items[i + random.below(static_cast<std::uint32_t>(items.size() - i))]);
}

/// Makes `from` a uniformly random bijection of 0..n-1.
void random_permutation(std::size_t n, RandomStream& random, std::vector<std::uint32_t>& from);

/// The bijection that undoes `from`.
void invert(std::span<const std::uint32_t> from, std::vector<std::uint32_t>& inverse);

}  // namespace faceperturb
