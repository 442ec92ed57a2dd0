// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <numeric>

#include "perturb/random.h"

namespace faceperturb::test {

/// The key 00 01 02 ... 1f of RFC 8439's examples: with it, tests of random things give the same
/// every time.
inline Secret fixed_secret() {
  std::array<std::uint8_t, 32> bytes;
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  return Secret(bytes);
}

}  // namespace faceperturb::test
