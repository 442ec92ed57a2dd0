// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/identification.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <random>

namespace faceperturb::eval {
namespace {

constexpr double most_pairs = 500000;  // of probe and gallery, beyond which impostors are sampled
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

struct Pair {
  Comparison comparison;
  std::size_t a, b;  // people
};

struct Probe {
  std::size_t person;
  bool right;
  double chance;
};

bool comparable(const Identity& a, const Identity& b) {
  return a.group.empty() || a.group != b.group;
}

Rate with_interval(double value, std::vector<double> replicates) {
  std::erase_if(replicates, [](double v) { return v != v; });
  if (replicates.empty()) return {value, unknown, unknown};
  std::ranges::sort(replicates);
  const auto at = [&](double share) {
    return replicates[static_cast<std::size_t>(share * static_cast<double>(replicates.size() - 1))];
  };
  return {value, at(0.025), at(0.975)};
}

double weigh(double so_far, const Comparison& c, bool genuine) {
  return so_far + (c.genuine == genuine ? c.weight : 0);
}

double total(std::span<const Comparison> all, bool genuine) {
  double sum = 0;
  for (const Comparison& c : all) sum = weigh(sum, c, genuine);
  return sum;
}

// Calls `visit(passed genuine, passed impostors)` after each run of equal likeness.
template <typename Visit>
void for_each_threshold(std::span<const Comparison> sorted, Visit visit) {
  double genuine = 0, impostors = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    genuine = weigh(genuine, sorted[i], true);
    impostors = weigh(impostors, sorted[i], false);
    if (i + 1 == sorted.size() || sorted[i + 1].likeness < sorted[i].likeness)
      if (!visit(genuine, impostors)) return;
  }
}

}  // namespace

double equal_error_rate(std::span<const Comparison> sorted) {
  const double all_genuine = total(sorted, true), all_impostors = total(sorted, false);
  if (!(all_genuine > 0 && all_impostors > 0)) return unknown;
  double last_far = 0, last_frr = 1, result = unknown;
  for_each_threshold(sorted, [&](double genuine, double impostors) {
    const double far = impostors / all_impostors, frr = 1 - genuine / all_genuine;
    if (far >= frr) {
      const double before = last_frr - last_far, after = far - frr;
      const double t = before + after > 0 ? before / (before + after) : 0;
      result = last_far + t * (far - last_far);
      return false;
    }
    last_far = far;
    last_frr = frr;
    return true;
  });
  return result;
}

double true_acceptance_rate(std::span<const Comparison> sorted, double far) {
  const double all_genuine = total(sorted, true), all_impostors = total(sorted, false);
  if (!(all_genuine > 0 && all_impostors > 0)) return unknown;
  const double allowed = far * all_impostors * (1 + 1e-9);
  double accepted = 0;
  for_each_threshold(sorted, [&](double genuine, double impostors) {
    if (impostors > allowed) return false;
    accepted = genuine;
    return true;
  });
  return accepted / all_genuine;
}

Recognition recognise(std::span<const Embedding> probes, std::span<const Embedding> gallery,
                      std::span<const Identity> identities, bool same, std::uint64_t seed,
                      int replicates) {
  std::map<std::string, std::size_t> numbers;
  std::vector<std::size_t> people;
  for (const Identity& identity : identities)
    people.push_back(numbers.try_emplace(identity.person, numbers.size()).first->second);

  std::mt19937_64 random(seed);
  const double all_pairs = static_cast<double>(probes.size()) * static_cast<double>(gallery.size());
  const bool sampled = all_pairs > most_pairs;
  const auto take = [&] {
    return !sampled || static_cast<double>(random() >> 11) * 0x1p-53 * all_pairs < most_pairs;
  };
  std::vector<Pair> pairs;
  std::vector<Probe> ranked;
  for (std::size_t i = 0; i < probes.size(); ++i) {
    float best = -std::numeric_limits<float>::max();
    std::size_t compared = 0, alike = 0;
    Probe probe{people[i], false, 0};
    for (std::size_t j = 0; j < gallery.size(); ++j) {
      if (i == j || !comparable(identities[i], identities[j]) || gallery[j].empty()) continue;
      const bool genuine = people[i] == people[j];
      ++compared;
      alike += genuine;
      if (probes[i].empty()) continue;
      const float likeness = cosine(probes[i], gallery[j]);
      if (likeness > best) {
        best = likeness;
        probe.right = genuine;
      }
      if ((!same || i < j) && (genuine || take()))
        pairs.push_back({{likeness, genuine}, people[i], people[j]});
    }
    if (alike == 0) continue;  // nobody could find this person
    probe.chance = static_cast<double>(alike) / static_cast<double>(compared);
    ranked.push_back(probe);
  }
  std::ranges::stable_sort(pairs, std::greater{},
                           [](const Pair& p) { return p.comparison.likeness; });

  std::vector<Comparison> comparisons;
  for (const Pair& pair : pairs) comparisons.push_back(pair.comparison);
  const double impostors = total(comparisons, false);
  const double far = impostors > 0 ? std::max(1e-3, 1 / impostors) : unknown;

  const auto rank_one = [&](std::span<const double> counts) {
    double right = 0, all = 0;
    for (const Probe& probe : ranked) {
      all += counts[probe.person];
      right += probe.right ? counts[probe.person] : 0;
    }
    return all > 0 ? right / all : unknown;
  };
  std::vector<double> counts(numbers.size(), 1), ranks, eers, tars;
  const double rank = rank_one(counts), eer = equal_error_rate(comparisons),
               tar = true_acceptance_rate(comparisons, far);
  double chance = 0;
  for (const Probe& probe : ranked) chance += probe.chance / static_cast<double>(ranked.size());

  for (int r = 0; r < replicates; ++r) {
    std::ranges::fill(counts, 0);
    for (std::size_t k = 0; k < counts.size(); ++k) ++counts[random() % counts.size()];
    for (std::size_t k = 0; k < pairs.size(); ++k)
      comparisons[k].weight =
          pairs[k].a == pairs[k].b ? counts[pairs[k].a] : counts[pairs[k].a] * counts[pairs[k].b];
    ranks.push_back(rank_one(counts));
    eers.push_back(equal_error_rate(comparisons));
    tars.push_back(true_acceptance_rate(comparisons, far));
  }
  return {with_interval(rank, ranks), with_interval(eer, eers), with_interval(tar, tars), far,
          chance};
}

}  // namespace faceperturb::eval
