// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/seed.h"

#include <sodium.h>

#include <array>

namespace faceperturb::eval {

std::uint64_t hash(std::string_view text) {
  std::array<std::uint8_t, 8> digest{};
  static constexpr std::array<std::uint8_t, crypto_shorthash_KEYBYTES> key{};
  crypto_shorthash(digest.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                   key.data());
  std::uint64_t value = 0;
  for (const std::uint8_t byte : digest) value = value << 8 | byte;
  return value;
}

Protector make_protector(std::uint64_t seed) {
  std::array<std::uint8_t, 32> bytes{};
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(seed >> (8 * i));
  return Protector(Secret(bytes));
}

}  // namespace faceperturb::eval
