// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/identification.h"

namespace faceperturb::eval {

double rank_one(std::span<const Embedding> probes, std::span<const Embedding> gallery,
                std::span<const std::string> people) {
  std::size_t right = 0;
  for (std::size_t i = 0; i < probes.size(); ++i) {
    if (probes[i].empty()) continue;
    float best = -2;
    std::size_t nearest = i;
    for (std::size_t j = 0; j < gallery.size(); ++j) {
      if (j == i || gallery[j].empty()) continue;
      const float likeness = cosine(probes[i], gallery[j]);
      if (likeness > best) {
        best = likeness;
        nearest = j;
      }
    }
    right += nearest != i && people[nearest] == people[i];
  }
  return probes.empty() ? 0 : static_cast<double>(right) / static_cast<double>(probes.size());
}

}  // namespace faceperturb::eval
