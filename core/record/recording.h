// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "record/bytes.h"
#include "record/frame_record.h"

namespace faceperturb {

/// What a restore needs to know of a frame, written down while it is protected.
struct Recording {
  FrameRecord frame;            ///< but for time and escrow
  bool keep_originals = false;  ///< set by the caller
  Bytes originals;              ///< keep_originals() of all faces, one after the other
};

}  // namespace faceperturb
