// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perturb/permutation.h"

#include <numeric>

namespace faceperturb {

void random_permutation(std::size_t n, RandomStream& random, std::vector<std::uint32_t>& from) {
  from.resize(n);
  std::iota(from.begin(), from.end(), 0U);
  draw_to_front(std::span(from), n, random);
}

}  // namespace faceperturb
