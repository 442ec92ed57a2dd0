// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perturb/keys.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "perturb/permutation.h"
#include "support/random.h"

namespace faceperturb::test {
namespace {

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string result;
  for (const std::uint8_t byte : bytes) {
    result += "0123456789abcdef"[byte >> 4];
    result += "0123456789abcdef"[byte & 15];
  }
  return result;
}

StreamId some_id() {
  StreamId id;
  for (std::size_t i = 0; i < id.size(); ++i) id[i] = static_cast<std::uint8_t>(0xf0 + i);
  return id;
}

// Known answers, worked out apart from this code by Python's hashlib.blake2b:
//   stream = blake2b(b"faceperturb stream 1" + id, key=master, digest_size=32)
//   sub    = blake2b(b"", key=stream, digest_size=n, salt=(1).to_bytes(16, "little"),
//                    person=context.ljust(16, b"\0"))
// with master = bytes(range(32)) and id = bytes(range(0xf0, 0x100)).
TEST(KeySchedule, GivesTheKnownAnswers) {
  const KeySchedule keys(fixed_secret(), some_id());
  EXPECT_EQ(hex(keys.permutation().bytes()),
            "0fb31b800e4d07b0ca57adbfa6d473926c18fbb77a40d0254c4a74e99428b410");
  EXPECT_EQ(hex(keys.record().bytes()),
            "9dfa994751d7396627b7b9e8be3a5a9620a445fda1c2d452e3b637413effd52c");
  EXPECT_EQ(hex(keys.packet().bytes()),
            "ea0f005ebbdb20b0a7185e532fca71fdafb5dbce41ba691c99c9434a8ffac137");
  EXPECT_EQ(hex(keys.escrow().bytes()),
            "85d8b5d8e95514099fc5363063881e3ed6a4d861e4443a00806f0be38ea458b6");
  EXPECT_EQ(hex(keys.check()), "967d32c90ada2a1a58695f539196be8d");
}

// From the master key to the places of ten cells: ChaCha20 (RFC 8439) under the permutation key
// above, nonce = epoch 5 and face 2, words little endian; Fisher-Yates with Lemire's bounds. By a
// Python program of the same rules.
TEST(KeySchedule, DrawsTheKnownPermutation) {
  const KeySchedule keys(fixed_secret(), some_id());
  RandomStream random(keys.permutation(), 5, 2);
  std::vector<std::uint32_t> from;
  random_permutation(10, random, from);
  EXPECT_EQ(from, (std::vector<std::uint32_t>{8, 9, 7, 1, 2, 4, 0, 6, 3, 5}));
}

TEST(KeySchedule, EveryUseAndEveryStreamHasItsOwn) {
  std::set<std::string> seen;
  for (const std::uint8_t first : {0, 1}) {
    StreamId id = some_id();
    id[0] = first;
    for (const Secret& master : {fixed_secret(), Secret(std::array<std::uint8_t, 32>{})}) {
      const KeySchedule keys(master, id);
      for (const auto* key : {&keys.permutation(), &keys.record(), &keys.packet(), &keys.escrow()})
        seen.insert(hex(key->bytes()));
      seen.insert(hex(keys.check()));
    }
  }
  EXPECT_EQ(seen.size(), 20U);
  EXPECT_NE(random_stream_id(), random_stream_id());
}

}  // namespace
}  // namespace faceperturb::test
