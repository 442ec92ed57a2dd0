// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <span>

#include "perturb/keys.h"
#include "record/bytes.h"
#include "record/frame_record.h"

namespace faceperturb {

/// The record of one frame by itself, for frames that carry it along: version (1 byte), stream id
/// (16), counter (8, little endian), and the record sealed with these. 41 bytes more than the
/// record.
Bytes make_packet(const FrameRecord& record, const KeySchedule& keys);

/// Opens packets, of any number of streams, with one master key.
class PacketOpener {
 public:
  explicit PacketOpener(const Secret& master) : master_(master) {}

  struct Opened {
    FrameRecord record;
    const KeySchedule& keys;  ///< of its stream; valid until the next call
  };
  /// Throws RecordError, which says whether it is no packet, or of another key or changed.
  Opened open(std::span<const std::uint8_t> packet);

 private:
  Secret master_;
  std::optional<KeySchedule> keys_;  // of the last packet's stream
};

}  // namespace faceperturb
