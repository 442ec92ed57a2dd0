// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record/recorder.h"

#include <sodium.h>

#include "record/escrow.h"
#include "record/packet.h"

namespace faceperturb {

Recorder::Recorder(Options options) : options_(std::move(options)) {
  if (!options_.location.empty())
    file_ = std::make_unique<RecordWriter>(options_.location, options_.most_bytes);
  recording_.keep_originals = options_.escrow.has_value();
}

void Recorder::begin_stream() {
  const StreamId id = random_stream_id();
  keys_.emplace(options_.master, id);
  if (options_.escrow) escrow_keys_.emplace(*options_.escrow, id);
  counts_ = {};
  if (file_) file_->begin(*keys_);
}

Recording* Recorder::next() { return file_ || options_.packets ? &recording_ : nullptr; }

Bytes Recorder::finish(std::int64_t time) {
  FrameRecord& record = recording_.frame;
  record.time = time;
  if (escrow_keys_ && !record.faces.empty())
    seal_escrow(recording_.originals, *escrow_keys_, record);
  sodium_memzero(recording_.originals.data(), recording_.originals.size());
  ++counts_.frames;
  counts_.faces += record.faces.size();
  if (file_) {
    content_.clear();
    write(record, content_);
    const std::uint64_t before = file_->bytes();
    file_->append(content_);
    counts_.bytes += file_->bytes() - before;
  }
  if (!options_.packets) return {};
  Bytes packet = make_packet(record, *keys_);
  if (!file_) counts_.bytes += packet.size();
  return packet;
}

void Recorder::end_stream() {
  if (file_) file_->end();
}

}  // namespace faceperturb
