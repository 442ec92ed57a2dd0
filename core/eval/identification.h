// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>
#include <string>
#include <vector>

#include "eval/embedders.h"

namespace faceperturb::eval {

/// Share of `probes` whose nearest picture (cosine) of the gallery, itself left out, shows the same
/// person. probes[i] and gallery[i] are of the same picture, which shows people[i]. An empty
/// embedding stands for a picture that could not be embedded: as a probe it is not recognised, in
/// the gallery it is absent.
double rank_one(std::span<const Embedding> probes, std::span<const Embedding> gallery,
                std::span<const std::string> people);

}  // namespace faceperturb::eval
