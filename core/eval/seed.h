// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string_view>

#include "protector.h"

namespace faceperturb::eval {

/// A number for a text, the same on every machine and in every run.
std::uint64_t hash(std::string_view text);

/// A protector whose secret follows from `seed` alone, so that an evaluation can be repeated.
Protector make_protector(std::uint64_t seed);

}  // namespace faceperturb::eval
