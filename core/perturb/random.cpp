// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perturb/random.h"

#include <sodium.h>

#include <stdexcept>

namespace faceperturb {
namespace {

constexpr std::size_t chacha_block = 64;

}  // namespace

Secret Secret::random() {
  if (sodium_init() < 0) throw std::runtime_error("libsodium found no source of random numbers");
  Secret secret;
  randombytes_buf(secret.bytes_.data(), secret.bytes_.size());
  return secret;
}

Secret::~Secret() { sodium_memzero(bytes_.data(), bytes_.size()); }

RandomStream::RandomStream(const Secret& secret, std::uint64_t frame, std::uint32_t face)
    : secret_(secret) {
  for (std::size_t i = 0; i < 8; ++i) nonce_[i] = static_cast<std::uint8_t>(frame >> (8 * i));
  for (std::size_t i = 0; i < 4; ++i) nonce_[8 + i] = static_cast<std::uint8_t>(face >> (8 * i));
}

RandomStream::~RandomStream() { sodium_memzero(buffer_.data(), buffer_.size()); }

void RandomStream::refill() {
  buffer_.fill(0);  // the key stream is what zeros are encrypted to
  crypto_stream_chacha20_ietf_xor_ic(buffer_.data(), buffer_.data(), buffer_.size(), nonce_.data(),
                                     next_block_, secret_.bytes().data());
  next_block_ += static_cast<std::uint32_t>(buffer_.size() / chacha_block);
  used_ = 0;
}

std::uint32_t RandomStream::next() {
  if (used_ == buffer_.size()) refill();
  const std::uint8_t* b = buffer_.data() + used_;
  used_ += 4;
  return static_cast<std::uint32_t>(b[0]) | static_cast<std::uint32_t>(b[1]) << 8 |
         static_cast<std::uint32_t>(b[2]) << 16 | static_cast<std::uint32_t>(b[3]) << 24;
}

std::uint32_t RandomStream::below(std::uint32_t bound) {
  std::uint64_t product = std::uint64_t{next()} * bound;
  if (static_cast<std::uint32_t>(product) < bound) {
    const std::uint32_t threshold = (0U - bound) % bound;
    while (static_cast<std::uint32_t>(product) < threshold) product = std::uint64_t{next()} * bound;
  }
  return static_cast<std::uint32_t>(product >> 32);
}

}  // namespace faceperturb
