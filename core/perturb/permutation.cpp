// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perturb/permutation.h"

#include <numeric>

namespace faceperturb {

void random_permutation(std::size_t n, RandomStream& random, std::vector<std::uint32_t>& from) {
  from.resize(n);
  std::iota(from.begin(), from.end(), 0U);
  draw_to_front(std::span(from), n, random);
}

void invert(std::span<const std::uint32_t> from, std::vector<std::uint32_t>& inverse) {
  inverse.resize(from.size());
  for (std::uint32_t i = 0; i < from.size(); ++i) inverse[from[i]] = i;
}

}  // namespace faceperturb
