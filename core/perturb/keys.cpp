// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perturb/keys.h"

#include <sodium.h>

#include <stdexcept>
#include <string_view>

namespace faceperturb {
namespace {

constexpr std::string_view domain = "faceperturb stream 1";

Secret stream_key(const Secret& master, const StreamId& id) {
  std::array<std::uint8_t, 32> key;
  crypto_generichash_state state;
  crypto_generichash_init(&state, master.bytes().data(), master.bytes().size(), key.size());
  crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(domain.data()),
                            domain.size());
  crypto_generichash_update(&state, id.data(), id.size());
  crypto_generichash_final(&state, key.data(), key.size());
  const Secret secret(key);
  sodium_memzero(key.data(), key.size());
  sodium_memzero(&state, sizeof state);
  return secret;
}

template <std::size_t size>
std::array<std::uint8_t, size> derive(const Secret& key, const char (&context)[9]) {
  static_assert(crypto_kdf_CONTEXTBYTES == 8);
  std::array<std::uint8_t, size> result;
  crypto_kdf_derive_from_key(result.data(), result.size(), 1, context, key.bytes().data());
  return result;
}

Secret sub_key(const Secret& key, const char (&context)[9]) {
  auto bytes = derive<32>(key, context);
  const Secret secret(bytes);
  sodium_memzero(bytes.data(), bytes.size());
  return secret;
}

}  // namespace

StreamId random_stream_id() {
  if (sodium_init() < 0) throw std::runtime_error("libsodium found no source of random numbers");
  StreamId id;
  randombytes_buf(id.data(), id.size());
  return id;
}

KeySchedule::KeySchedule(const Secret& master, const StreamId& id)
    : KeySchedule(id, stream_key(master, id)) {}

KeySchedule::KeySchedule(const StreamId& id, const Secret& stream)
    : id_(id),
      permutation_(sub_key(stream, "fp-shufl")),
      record_(sub_key(stream, "fp-recrd")),
      packet_(sub_key(stream, "fp-packt")),
      escrow_(sub_key(stream, "fp-escrw")),
      check_(derive<16>(stream, "fp-check")) {}

}  // namespace faceperturb
