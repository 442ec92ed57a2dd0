// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record/seal.h"

#include <sodium.h>

#include <array>

namespace faceperturb {
namespace {

using Nonce = std::array<std::uint8_t, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES>;

Nonce nonce_of(std::uint64_t counter) {
  Nonce nonce{};
  for (std::size_t i = 0; i < 8; ++i) nonce[i] = static_cast<std::uint8_t>(counter >> (8 * i));
  return nonce;
}

}  // namespace

void seal(std::span<const std::uint8_t> content, std::span<const std::uint8_t> header,
          std::uint64_t counter, const Secret& key, Bytes& out) {
  const std::size_t before = out.size();
  out.resize(before + content.size() + crypto_aead_xchacha20poly1305_ietf_ABYTES);
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.data() + before, nullptr, content.data(),
                                             content.size(), header.data(), header.size(), nullptr,
                                             nonce_of(counter).data(), key.bytes().data());
}

std::optional<Bytes> unseal(std::span<const std::uint8_t> sealed,
                            std::span<const std::uint8_t> header, std::uint64_t counter,
                            const Secret& key) {
  if (sealed.size() < crypto_aead_xchacha20poly1305_ietf_ABYTES) return {};
  Bytes content(sealed.size() - crypto_aead_xchacha20poly1305_ietf_ABYTES);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(content.data(), nullptr, nullptr, sealed.data(),
                                                 sealed.size(), header.data(), header.size(),
                                                 nonce_of(counter).data(), key.bytes().data()) != 0)
    return {};
  return content;
}

}  // namespace faceperturb
