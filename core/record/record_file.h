// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sodium.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "perturb/keys.h"
#include "record/bytes.h"
#include "record/file.h"
#include "record/frame_record.h"

namespace faceperturb {

// The record's file: segments one behind the other, of one stream each.
//
//   segment = "fprecord", version (2 bytes), stream id (16), key check (16), part (4),
//             secretstream header (24), messages
//   message = length (4), ciphertext
//
// Numbers are little endian. A message is one frame's record, encrypted as libsodium's secretstream
// (XChaCha20-Poly1305) under KeySchedule::record(); the segment's head is authenticated with the
// first. The last has the tag FINAL and says whether the stream goes on in the next file. A message
// that was left out, moved, changed or cut off is noticed.

/// Names of a record's files: `location` itself, or, where it holds a printf conversion of one
/// whole number (%d, %05d), the parts 0, 1, 2... Throws RecordError where it holds any other.
class RecordLocation {
 public:
  explicit RecordLocation(std::string location);
  bool has_parts() const { return has_parts_; }
  std::filesystem::path part(unsigned number) const;

 private:
  std::string location_;
  bool has_parts_;
};

/// Writes a record. What append() was given is in the kernel's hands when it returns, so that it
/// outlasts the process; a thread of its own has it on the disk a second later. Nothing waits in
/// memory. Everything throws RecordError, which names the file, and leaves whole messages behind.
class RecordWriter {
 public:
  /// Begins behind what `location` has already, or, in parts, with the first that does not exist.
  /// A new part begins when one has `most_bytes`; 0: never.
  RecordWriter(const std::string& location, std::uint64_t most_bytes);
  ~RecordWriter();
  RecordWriter(const RecordWriter&) = delete;
  RecordWriter& operator=(const RecordWriter&) = delete;

  void begin(const KeySchedule& keys);
  void append(std::span<const std::uint8_t> record);
  /// Ends the segment that begin() began, if any.
  void end();

  /// Written since construction.
  std::uint64_t bytes() const { return bytes_; }

 private:
  class Syncer;

  void open();
  void begin_segment();
  void message(std::span<const std::uint8_t> content, unsigned char tag);
  void put(std::span<const std::uint8_t> bytes);

  RecordLocation location_;
  std::uint64_t most_bytes_;
  unsigned part_ = 0;
  std::filesystem::path path_;
  std::shared_ptr<File> file_;
  std::uint64_t size_ = 0;  // of the file
  std::uint64_t bytes_ = 0;

  std::unique_ptr<KeySchedule> keys_;  // while a segment is open
  std::uint32_t segment_part_ = 0;
  crypto_secretstream_xchacha20poly1305_state state_{};
  Bytes head_;  // authenticated with the next message
  Bytes buffer_;
  std::unique_ptr<Syncer> syncer_;
};

/// Reads a record with one master key. Holds an index, not the record.
class RecordReader {
 public:
  /// Looks through the whole record. Throws RecordError: no file, no record, another key, changed
  /// or damaged.
  RecordReader(const std::string& location, const Secret& master);

  struct Entry {
    std::uint64_t counter;
    std::int64_t time;  ///< FrameRecord::time
    bool faces;
    Overview overview;  ///< FrameRecord::overview
    std::uint32_t segment;
    std::uint64_t offset;  ///< of the message in its file
  };
  /// Every frame, in the order of writing.
  const std::vector<Entry>& entries() const { return entries_; }
  /// Throws RecordError where the file was changed since.
  FrameRecord read(std::size_t entry);
  const KeySchedule& keys(std::size_t entry) const {
    return segments_[entries_[entry].segment].keys;
  }
  /// What is missing though nothing was changed: a segment that has no end, one of another key, a
  /// part that is not there. For people.
  const std::vector<std::string>& gaps() const { return gaps_; }

 private:
  struct Segment {
    KeySchedule keys;
    std::shared_ptr<File> file;
    std::string name;
    std::size_t first;  // entry
    // To go on from: the state before every few messages.
    std::vector<crypto_secretstream_xchacha20poly1305_state> states;
  };

  void look_through(const std::filesystem::path& path, const Secret& master);
  Bytes message(const Segment& segment, std::uint64_t offset) const;

  std::vector<Entry> entries_;
  std::vector<Segment> segments_;
  std::vector<std::string> gaps_;
  std::size_t foreign_ = 0;  // segments
  bool goes_on_ = false;     // in the next part

  // Where read() stands.
  std::size_t next_ = SIZE_MAX;
  crypto_secretstream_xchacha20poly1305_state state_{};
};

}  // namespace faceperturb
