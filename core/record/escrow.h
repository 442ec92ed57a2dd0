// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>

#include "frame/cells.h"
#include "perturb/keys.h"
#include "record/bytes.h"
#include "record/frame_record.h"

namespace faceperturb {

/// Appends the bytes of `cells` on all planes, as differences from the unit to the left, to `out`.
void keep_originals(const Frame& frame, const CellGrid& grid, std::span<const Cell> cells,
                    Bytes& out);

/// Compresses (zlib) and seals the originals of all faces of `record`, under the escrow key of
/// `keys`. The result is `record.escrow`.
void seal_escrow(std::span<const std::uint8_t> originals, const KeySchedule& keys,
                 FrameRecord& record);

/// Puts the originals back in place of what stands in the frame, which has the record's size and
/// format. Throws RecordError, and leaves the frame alone, where the key is another or the escrow
/// was changed.
void restore_escrow(const Frame& frame, const CellGrid& grid, const KeySchedule& keys,
                    const FrameRecord& record);

}  // namespace faceperturb
