// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>

#include "frame/frame.h"

namespace faceperturb {

/// Makes a picture smaller by a whole number, 1 to 256: each pixel is the rounded mean of a block
/// of `by` x `by`; for 2 and 4, of two by two of the picture half as small. From 8 on, every fourth
/// of the block's rows stands for all of them: reading a picture costs more than adding it up. What
/// is left over at the right and bottom edge is left out. Writes width / by times height / by
/// pixels, rows `stride` bytes apart. No pixel is read twice, and nothing goes through memory
/// between the steps.
void reduce(const LumaView& luma, int by, std::uint8_t* out, std::ptrdiff_t stride);

}  // namespace faceperturb
