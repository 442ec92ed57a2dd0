// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "eval/report.h"
#include "eval/study.h"

namespace faceperturb::eval {

/// Pictures of one size as if a still camera saw all faces at the same place: what an attacker who
/// has some clear pictures restores of the others, where one permutation serves for all and where
/// each has its own.
Table known_plaintext(const Study& study, std::uint64_t seed);

}  // namespace faceperturb::eval
