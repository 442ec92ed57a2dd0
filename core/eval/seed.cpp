// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/seed.h"

#include <sodium.h>

#include <array>
#include <mutex>

namespace faceperturb::eval {
namespace {

thread_local std::array<std::uint8_t, randombytes_SEEDBYTES> seed_bytes{};

void fill(void* out, std::size_t size) {
  randombytes_buf_deterministic(out, size, seed_bytes.data());
}

randombytes_implementation deterministic = {[] { return "deterministic"; },
                                            [] {
                                              std::uint32_t value = 0;
                                              fill(&value, sizeof value);
                                              return value;
                                            },
                                            nullptr,
                                            nullptr,
                                            fill,
                                            nullptr};

}  // namespace

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
  static std::once_flag once;
  std::call_once(once, [] { randombytes_set_implementation(&deterministic); });
  for (std::size_t i = 0; i < 8; ++i) seed_bytes[i] = static_cast<std::uint8_t>(seed >> (8 * i));
  return Protector();
}

}  // namespace faceperturb::eval
