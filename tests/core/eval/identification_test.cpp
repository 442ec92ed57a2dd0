// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/identification.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace faceperturb::eval {
namespace {

double below(double z) { return std::erfc(-z / std::sqrt(2)) / 2; }

// The likeness of which a share `p` of a standard normal distribution is below.
double quantile(double p) {
  double low = -10, high = 10;
  for (int i = 0; i < 60; ++i) (below((low + high) / 2) < p ? low : high) = (low + high) / 2;
  return low;
}

// Impostors are normal about 0, genuine comparisons about `apart`, both with deviation 1.
std::vector<Comparison> normal(double apart) {
  constexpr int count = 20000;
  std::vector<Comparison> all;
  for (int i = 0; i < count; ++i) {
    const double z = quantile((i + 0.5) / count);
    all.push_back({static_cast<float>(z), false});
    all.push_back({static_cast<float>(z + apart), true});
  }
  std::ranges::sort(all, std::greater{}, &Comparison::likeness);
  return all;
}

TEST(Verification, OfNormalDistributions) {
  for (const double apart : {0.5, 1.0, 3.0}) {
    const auto all = normal(apart);
    EXPECT_NEAR(equal_error_rate(all), below(-apart / 2), 1e-3) << apart;
    for (const double far : {0.1, 0.01, 0.001})
      EXPECT_NEAR(true_acceptance_rate(all, far), below(apart - quantile(1 - far)), 4e-3)
          << apart << ' ' << far;
  }
}

TEST(Verification, ByHand) {
  // Falling: genuine, genuine, impostor, genuine, impostor.
  std::vector<Comparison> all{{.9F, true}, {.8F, true}, {.7F, false}, {.6F, true}, {.5F, false}};
  EXPECT_NEAR(true_acceptance_rate(all, 0), 2.0 / 3, 1e-12);
  EXPECT_NEAR(true_acceptance_rate(all, 0.5), 1, 1e-12);
  // Between the second (0, 1/3) and the third (1/2, 1/3) of (false acceptance, false rejection).
  EXPECT_NEAR(equal_error_rate(all), 1.0 / 3, 1e-12);
  for (auto& c : all) c.likeness = 0;  // all alike: a coin
  EXPECT_NEAR(equal_error_rate(all), 0.5, 1e-12);
  EXPECT_EQ(true_acceptance_rate(all, 0.1), 0);
  EXPECT_TRUE(std::isnan(equal_error_rate(std::vector<Comparison>{{1, true}})));
}

Embedding direction(double degrees) {
  const double radians = degrees * std::acos(-1.0) / 180;
  return {static_cast<float>(std::cos(radians)), static_cast<float>(std::sin(radians))};
}

TEST(Recognition, ByHand) {
  const std::vector<Embedding> clear{direction(0), direction(10), direction(90), direction(100)};
  const std::vector<Identity> who{{"a", ""}, {"a", ""}, {"b", ""}, {"b", ""}};
  const auto perfect = recognise(clear, clear, who, true, 1);
  EXPECT_EQ(perfect.rank_one.value, 1);
  EXPECT_EQ(perfect.eer.value, 0);
  EXPECT_EQ(perfect.tar.value, 1);
  EXPECT_NEAR(perfect.chance, 1.0 / 3, 1e-12);
  EXPECT_NEAR(perfect.far, 1.0 / 4, 1e-12);  // four impostor pairs

  // The second picture of `a` now looks like `b`; its own clear version does not count.
  auto probes = clear;
  probes[1] = direction(95);
  EXPECT_NEAR(recognise(probes, clear, who, false, 1).rank_one.value, 0.75, 1e-12);
  probes[1] = {};  // could not be embedded: not recognised
  EXPECT_NEAR(recognise(probes, clear, who, false, 1).rank_one.value, 0.75, 1e-12);
}

TEST(Recognition, FramesOfOneVideoAreNotCompared) {
  const std::vector<Embedding> faces{direction(0), direction(1), direction(45), direction(2)};
  const std::vector<Identity> who{{"a", "a1"}, {"a", "a1"}, {"a", "a2"}, {"b", "b1"}};
  // Without the other frame of a1, the nearest to both is b.
  EXPECT_EQ(recognise(faces, faces, who, true, 1).rank_one.value, 0);
}

TEST(Recognition, ManyImpostorsAreSampledFairly) {
  std::vector<Embedding> faces;  // of 900: more pairs than are kept
  std::vector<Identity> who;
  for (int i = 0; i < 900; ++i) {
    faces.push_back(direction(0.1 * ((i * 7919) % 900)));
    who.push_back({std::to_string(i / 30), ""});
  }
  // Likeness says nothing about the person.
  EXPECT_NEAR(recognise(faces, faces, who, true, 1, 0).eer.value, 0.5, 0.02);
}

TEST(Recognition, IntervalsHoldTheValueAndRepeat) {
  std::vector<Embedding> faces;
  std::vector<Identity> who;
  for (int person = 0; person < 12; ++person)
    for (int i = 0; i < 4; ++i) {
      faces.push_back(direction(person * 15 + 5.5 * ((i * 7 + person * 3) % 4)));
      who.push_back({std::to_string(person), ""});
    }
  const auto once = recognise(faces, faces, who, true, 5),
             again = recognise(faces, faces, who, true, 5);
  for (const auto rate : {&Recognition::rank_one, &Recognition::eer, &Recognition::tar}) {
    EXPECT_LE((once.*rate).low, (once.*rate).value);
    EXPECT_GE((once.*rate).high, (once.*rate).value);
    EXPECT_EQ((once.*rate).low, (again.*rate).low);
    EXPECT_EQ((once.*rate).high, (again.*rate).high);
  }
  EXPECT_LT(once.rank_one.low, once.rank_one.high);
}

}  // namespace
}  // namespace faceperturb::eval
