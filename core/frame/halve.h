// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>

#include "frame/frame.h"

namespace faceperturb {

constexpr int most_halvings = 4;

/// Halves a picture's sides `times` times, 0 to `most_halvings`: each pixel is the rounded mean of
/// two by two of the step before. What is left over at the right and bottom edge is left out.
/// Writes width >> times by height >> times pixels, rows `stride` bytes apart. Every pixel is read
/// once, and nothing goes through memory between the steps.
void halve(const LumaView& luma, int times, std::uint8_t* out, std::ptrdiff_t stride);

}  // namespace faceperturb
