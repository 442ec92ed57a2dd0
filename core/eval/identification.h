// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "eval/embedders.h"

namespace faceperturb::eval {

/// Whom a picture shows. Pictures of one `group` (frames of one video), if that is not empty, are
/// not compared with each other, nor is a picture with itself.
struct Identity {
  std::string person, group;
};

/// A rate with the interval that holds 95 % of its bootstrap replicates.
struct Rate {
  double value, low, high;
};

/// How well faces are told apart.
struct Recognition {
  Rate rank_one;  ///< share of probes whose nearest picture of the gallery shows the same person
  Rate eer;       ///< equal error rate of verification
  Rate tar;       ///< true acceptance rate at the false acceptance rate `far`
  double far;     ///< 1e-3, or one of the impostor pairs where they are fewer than 1,000
  double chance;  ///< of rank_one: that a gallery picture drawn at random shows the same person
};

/// Likeness is the cosine. probes[i] and gallery[i] are of the same picture, of identities[i];
/// where both are of equal content (`same`), each pair counts once. An empty embedding stands for a
/// picture that could not be embedded: as a probe it is not recognised, else it is absent. Of more
/// than 500,000 pairs, verification takes a random sample of the impostors. The
/// bootstrap draws people with replacement, `replicates` times, from `seed`.
Recognition recognise(std::span<const Embedding> probes, std::span<const Embedding> gallery,
                      std::span<const Identity> identities, bool same, std::uint64_t seed,
                      int replicates = 200);

/// A comparison of two pictures. `weight` tells how often it counts.
struct Comparison {
  float likeness;
  bool genuine;
  double weight = 1;
};

/// Where false acceptance and false rejection are equal, linear between thresholds; of comparisons
/// in falling order of likeness.
double equal_error_rate(std::span<const Comparison> sorted);

/// Share of genuine comparisons above the least threshold that no more than `far` of the impostors
/// pass; of comparisons in falling order of likeness.
double true_acceptance_rate(std::span<const Comparison> sorted, double far);

}  // namespace faceperturb::eval
