// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>

#include "perturb/random.h"

namespace faceperturb {

/// Names one stream: random, and no secret.
using StreamId = std::array<std::uint8_t, 16>;

/// Throws std::runtime_error where there is no source of random numbers.
StreamId random_stream_id();

/// What a master key is used for in one stream, each with a key of its own:
///
///     stream key = BLAKE2b-256(key = master, "faceperturb stream 1" || stream id)
///     sub-key    = crypto_kdf_derive_from_key(stream key, number 1, context)
///
/// (libsodium; the contexts are the eight bytes named below.) The same on any byte order.
class KeySchedule {
 public:
  KeySchedule(const Secret& master, const StreamId& id);

  const StreamId& id() const { return id_; }
  /// "fp-shufl": draws of RandomStream(permutation, epoch, number of the face in its frame).
  const Secret& permutation() const { return permutation_; }
  /// "fp-recrd": the record's file.
  const Secret& record() const { return record_; }
  /// "fp-packt": the record that travels with the frames.
  const Secret& packet() const { return packet_; }
  /// "fp-escrw": the originals; of another master key than the others.
  const Secret& escrow() const { return escrow_; }
  /// "fp-check": tells a wrong key from a damaged record. No secret.
  const std::array<std::uint8_t, 16>& check() const { return check_; }

 private:
  KeySchedule(const StreamId& id, const Secret& stream);

  StreamId id_;
  Secret permutation_, record_, packet_, escrow_;
  std::array<std::uint8_t, 16> check_{};
};

}  // namespace faceperturb
