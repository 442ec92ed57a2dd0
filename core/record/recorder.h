// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "perturb/keys.h"
#include "record/record_file.h"
#include "record/recording.h"

namespace faceperturb {

/// The keys of the stream that is protected, and the record of it. Not thread safe.
class Recorder {
 public:
  struct Options {
    Secret master;
    std::optional<Secret> escrow;  ///< master key of the originals; none: they are not kept
    std::string location;          ///< of the record's file; empty: none
    std::uint64_t most_bytes = 0;  ///< of a part of it; 0: no limit
    bool packets = false;          ///< whether frames are to carry their record
  };

  /// Opens the record's file. Throws RecordError.
  explicit Recorder(Options options);

  /// Begins a stream of its own id. Throws RecordError.
  void begin_stream();
  /// Of the stream that was begun.
  const KeySchedule& keys() const { return *keys_; }

  /// To be filled by Protector::protect(); null where nothing is recorded.
  Recording* next();
  /// Writes down what was filled, with the frame's stream time (nanoseconds; -1: unknown). Returns
  /// the packet that the frame is to carry; empty where it carries none. Throws RecordError: then
  /// the frame must not leave as if it could be restored.
  Bytes finish(std::int64_t time);
  /// Ends the record of the stream. Throws RecordError.
  void end_stream();

  struct Counts {
    std::uint64_t frames = 0;
    std::uint64_t faces = 0;
    std::uint64_t bytes = 0;  ///< of records, as they are written and carried
  };
  const Counts& counts() const { return counts_; }

 private:
  Options options_;
  std::unique_ptr<RecordWriter> file_;
  std::optional<KeySchedule> keys_, escrow_keys_;
  Recording recording_;
  Bytes content_;
  Counts counts_;
};

}  // namespace faceperturb
