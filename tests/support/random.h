// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>

#include "perturb/random.h"

namespace faceperturb::test {

/// The key 00 01 02 ... 1f of RFC 8439's examples. The library only makes random secrets; with this
/// one, tests of random things give the same every time.
inline Secret fixed_secret() {
  Secret secret = Secret::random();
  auto& bytes = const_cast<std::array<std::uint8_t, 32>&>(secret.bytes());
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i);
  return secret;
}

}  // namespace faceperturb::test
