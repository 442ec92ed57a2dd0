// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record/packet.h"

#include <string>

#include "record/seal.h"

namespace faceperturb {
namespace {

constexpr std::uint8_t version = 1;
constexpr std::size_t header_bytes = 1 + std::tuple_size_v<StreamId> + 8;

}  // namespace

Bytes make_packet(const FrameRecord& record, const KeySchedule& keys) {
  Bytes content, packet;
  write(record, content);
  ByteWriter out(packet);
  out.fixed(version);
  out.bytes(keys.id());
  out.fixed(record.counter);
  const Bytes header = packet;
  seal(content, header, record.counter, keys.packet(), packet);
  return packet;
}

PacketOpener::Opened PacketOpener::open(std::span<const std::uint8_t> packet) {
  ByteReader in(packet);
  if (const auto found = in.fixed<std::uint8_t>(); found != version)
    throw RecordError("the frame's record has version " + std::to_string(found) +
                      ", and only version 1 is known here");
  const auto id = in.array<std::tuple_size_v<StreamId>>();
  const auto counter = in.fixed<std::uint64_t>();
  if (!keys_ || keys_->id() != id) keys_.emplace(master_, id);
  const auto content = unseal(in.rest(), packet.first(header_bytes), counter, keys_->packet());
  if (!content) throw RecordError("the frame's record was made with another key, or was changed");
  FrameRecord record = read_frame_record(*content);
  if (record.counter != counter) throw RecordError("the frame's record is of another frame");
  return {std::move(record), *keys_};
}

}  // namespace faceperturb
