// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace faceperturb {

/// A 32-byte secret in memory of its own; wiped when it goes.
class Secret {
 public:
  /// Fresh from the operating system's random source. Throws std::runtime_error where there is
  /// none.
  static Secret random();
  /// A known one: what it decides can be repeated.
  explicit Secret(const std::array<std::uint8_t, 32>& bytes) : bytes_(bytes) {}
  ~Secret();
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;

  const std::array<std::uint8_t, 32>& bytes() const { return bytes_; }

 private:
  Secret() = default;
  std::array<std::uint8_t, 32> bytes_{};
};

/// The draws for one face of one frame: the ChaCha20 key stream (RFC 8439) under the secret with
/// nonce = frame counter (8 bytes, little endian), face number (4 bytes, little endian). The same
/// arguments give the same draws, on any byte order.
class RandomStream {
 public:
  RandomStream(const Secret& secret, std::uint64_t frame, std::uint32_t face);
  ~RandomStream();
  RandomStream(const RandomStream&) = delete;
  RandomStream& operator=(const RandomStream&) = delete;

  std::uint32_t next();
  /// Uniform in 0..bound-1, without bias (D. Lemire, "Fast Random Integer Generation in an
  /// Interval", 2019). `bound` >= 1.
  std::uint32_t below(std::uint32_t bound);

 private:
  void refill();

  const Secret& secret_;
  std::array<std::uint8_t, 12> nonce_;
  std::uint32_t next_block_ = 0;
  std::array<std::uint8_t, 4096> buffer_;
  std::size_t used_ = buffer_.size();
};

}  // namespace faceperturb
