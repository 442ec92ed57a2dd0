// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perturb/random.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <vector>

#include "perturb/permutation.h"
#include "support/random.h"

namespace faceperturb::test {
namespace {

std::vector<std::uint32_t> words(const Secret& secret, std::uint64_t frame, std::uint32_t face,
                                 std::size_t count) {
  RandomStream stream(secret, frame, face);
  std::vector<std::uint32_t> result(count);
  for (auto& word : result) word = stream.next();
  return result;
}

// The probability that a chi-square value is at least `value`, by the approximation of Wilson and
// Hilferty. The key is fixed, so this is no gamble: it passes always or never.
double chi_square_tail(double value, double freedom) {
  const double z =
      (std::cbrt(value / freedom) - (1 - 2 / (9 * freedom))) / std::sqrt(2 / (9 * freedom));
  return 0.5 * std::erfc(z / std::sqrt(2.0));
}

double uniformity(std::span<const int> counts) {
  const double total = std::accumulate(counts.begin(), counts.end(), 0);
  const double expected = total / static_cast<double>(counts.size());
  double sum = 0;
  for (const int count : counts) sum += (count - expected) * (count - expected) / expected;
  return chi_square_tail(sum, static_cast<double>(counts.size()) - 1);
}

TEST(Secret, IsRandomAndCopies) {
  const Secret a = Secret::random(), b = Secret::random();
  EXPECT_NE(a.bytes(), b.bytes());
  const Secret copy = a;  // NOLINT(performance-unnecessary-copy-initialization): what is tested
  EXPECT_EQ(copy.bytes(), a.bytes());
}

// RFC 8439, 2.3.2: the block of counter 1. Our streams begin at 0, so it is the second block.
TEST(RandomStream, IsTheChaCha20OfTheRfc) {
  const std::uint32_t block[] = {0xe4e7f110, 0x15593bd1, 0x1fdd0f50, 0xc47120a3,
                                 0xc7f4d1c7, 0x0368c033, 0x9aaa2204, 0x4e6cd4c3,
                                 0x466482d2, 0x09aa9f07, 0x05d7c214, 0xa2028bd9,
                                 0xd19c12b5, 0xb94e16de, 0xe883d0cb, 0x4e3c50a2};
  const Secret secret = fixed_secret();
  // The nonce 00 00 00 09 00 00 00 4a 00 00 00 00.
  const auto stream = words(secret, 0x4a00000009000000, 0, 32);
  EXPECT_EQ(std::vector(stream.begin() + 16, stream.end()),
            std::vector(std::begin(block), std::end(block)));
}

TEST(RandomStream, GoesOnBeyondItsBuffer) {
  const Secret secret = fixed_secret();
  const std::array<std::uint8_t, 12> nonce{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  std::vector<std::uint8_t> bytes(40000);
  crypto_stream_chacha20_ietf(bytes.data(), bytes.size(), nonce.data(), secret.bytes().data());
  const auto stream = words(secret, 0x0807060504030201, 0x0c0b0a09, 10000);
  for (std::size_t i = 0; i < stream.size(); ++i)
    for (std::size_t b = 0; b < 4; ++b)
      ASSERT_EQ(stream[i] >> (8 * b) & 0xff, bytes[4 * i + b]) << "word " << i;
}

TEST(RandomStream, SameArgumentsGiveTheSameAndAnyOtherGivesAnother) {
  const Secret secret = fixed_secret(), other = Secret::random();
  EXPECT_EQ(words(secret, 7, 1, 100), words(secret, 7, 1, 100));
  std::set<std::vector<std::uint32_t>> streams;
  for (const std::uint64_t frame : {0ULL, 1ULL, 2ULL, 1ULL << 32, ~0ULL})
    for (const std::uint32_t face : {0U, 1U, 2U, ~0U})
      streams.insert(words(secret, frame, face, 4));
  streams.insert(words(other, 0, 0, 4));
  EXPECT_EQ(streams.size(), 21U);
}

TEST(RandomStream, BelowStaysBelowAndIsUniform) {
  const Secret secret = fixed_secret();
  RandomStream random(secret, 0, 0);
  for (const std::uint32_t bound : {1U, 2U, 3U, 5U, 6U, 7U, 10U, 24U, 100U, 255U, 256U, 1000U}) {
    std::vector<int> counts(bound, 0);
    for (std::uint32_t i = 0; i < 500 * bound; ++i) {
      const auto value = random.below(bound);
      ASSERT_LT(value, bound);
      ++counts[value];
    }
    if (bound > 1) {
      EXPECT_GT(uniformity(counts), 1e-6) << "bound " << bound;
    }
  }
}

// For a bound of 3/4 of the range, a remainder or a plain multiplication would give one value in
// three twice as often as the others.
TEST(RandomStream, BelowHasNoBiasWhereTheBoundIsLarge) {
  const Secret secret = fixed_secret();
  RandomStream random(secret, 1, 0);
  for (const std::uint32_t bound : {3U << 30, (1U << 31) + 1, ~0U}) {
    std::array<int, 3> by_remainder{}, by_third{};
    for (int i = 0; i < 300000; ++i) {
      const auto value = random.below(bound);
      ASSERT_LT(value, bound);
      ++by_remainder[value % 3];
      ++by_third[static_cast<std::size_t>(std::uint64_t{value} * 3 / bound)];
    }
    EXPECT_GT(uniformity(by_remainder), 1e-6) << "bound " << bound;
    EXPECT_GT(uniformity(by_third), 1e-6) << "bound " << bound;
  }
}

TEST(Permutation, IsABijectionOfAnySize) {
  const Secret secret = fixed_secret();
  std::vector<std::uint32_t> from;
  for (const std::size_t n : {0, 1, 2, 3, 4, 7, 64, 255, 256, 257, 1000, 8000, 100000}) {
    RandomStream random(secret, 0, static_cast<std::uint32_t>(n));
    random_permutation(n, random, from);
    ASSERT_EQ(from.size(), n);
    std::vector<bool> seen(n, false);
    for (const auto value : from) {
      ASSERT_LT(value, n);
      ASSERT_FALSE(seen[value]) << value << " twice";
      seen[value] = true;
    }
  }
}

TEST(Permutation, EveryOrderIsEquallyLikely) {
  const Secret secret = fixed_secret();
  RandomStream random(secret, 2, 0);
  std::map<std::vector<std::uint32_t>, int> counts;
  std::vector<std::uint32_t> from;
  for (int i = 0; i < 24000; ++i) {
    random_permutation(4, random, from);
    ++counts[from];
  }
  ASSERT_EQ(counts.size(), 24U);
  std::vector<int> values;
  for (const auto& [order, count] : counts) values.push_back(count);
  EXPECT_GT(uniformity(values), 1e-6);
}

TEST(Permutation, EverySampleIsEquallyLikely) {
  const Secret secret = fixed_secret();
  RandomStream random(secret, 3, 0);
  std::map<std::pair<int, int>, int> counts;  // the ordered pairs of 5
  for (int i = 0; i < 20000; ++i) {
    std::array items{0, 1, 2, 3, 4};
    draw_to_front(std::span<int>(items), 2, random);
    ++counts[{items[0], items[1]}];
    std::ranges::sort(items);
    ASSERT_EQ(items, (std::array{0, 1, 2, 3, 4}));
  }
  ASSERT_EQ(counts.size(), 20U);
  std::vector<int> values;
  for (const auto& [pair, count] : counts) values.push_back(count);
  EXPECT_GT(uniformity(values), 1e-6);
}

TEST(Permutation, DrawsNoMoreThanThereIs) {
  const Secret secret = fixed_secret();
  RandomStream random(secret, 4, 0);
  for (const std::size_t count : {0, 1, 4, 5, 6, 1000}) {
    std::array items{0, 1, 2, 3, 4};
    draw_to_front(std::span<int>(items), count, random);
    std::ranges::sort(items);
    EXPECT_EQ(items, (std::array{0, 1, 2, 3, 4}));
  }
  draw_to_front(std::span<int>(), 3, random);
}

}  // namespace
}  // namespace faceperturb::test
