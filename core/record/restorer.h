// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "perturb/methods.h"
#include "record/fingerprint.h"
#include "record/frame_record.h"
#include "record/packet.h"
#include "record/record_file.h"

namespace faceperturb {

/// What became of a frame that was to be restored.
enum class Restored {
  exactly,    ///< every byte is the source's
  nearly,     ///< brought back, after a lossy codec
  untouched,  ///< no face was perturbed in it
  covered,    ///< it is black, and its picture was kept nowhere
  locked,     ///< the method has no undo, and the originals were not kept or have another key
  unmatched,  ///< its record was not found: it is as it came
};

/// Undoes what a Protector did, frame by frame. Frames carry their record, or it is looked for in
/// the file: the one that should come next or is nearest in time, tried by fingerprint; then the
/// one of the same bytes, then all others (a trimmed start, another time base). One restorer serves
/// one stream and one thread at a time.
class Restorer {
 public:
  /// `escrow`: master key of the originals. `file` may be null.
  Restorer(const Secret& master, std::optional<Secret> escrow, std::unique_ptr<RecordReader> file);
  ~Restorer();

  struct Result {
    Restored outcome = Restored::unmatched;
    std::uint64_t faces = 0;  ///< that were restored
    bool verified = false;    ///< whether fingerprints leave no doubt that it is the right record
    std::string fault{};      ///< of `locked` and `unmatched`
  };
  /// Restores the frame in place. `time` is its stream time in nanoseconds, -1: unknown; `packet`
  /// the record that it carries, empty: none. Throws RecordError where a record cannot be read.
  Result restore(const Frame& frame, std::int64_t time, std::span<const std::uint8_t> packet);

  /// What comes next does not follow what came.
  void forget();

 private:
  std::optional<Result> attempt(const Frame& frame, const FrameRecord& record,
                                const KeySchedule& keys);
  std::optional<Result> attempt_faces(const Frame& frame, const FrameRecord& record,
                                      const KeySchedule& keys);
  Match likeness(const Thumbnail& a, const Thumbnail& b) const;
  void run(MethodInfo::Function function, const Frame& frame, const CellGrid& grid,
           const FrameRecord& record, const KeySchedule& keys);
  Result search(const Frame& frame, std::int64_t time);
  std::optional<Result> search_all(const Frame& frame, std::int64_t time);
  std::vector<std::size_t> likely(std::int64_t time) const;
  std::vector<std::size_t> same_bytes() const;
  std::optional<Result> attempt_entry(const Frame& frame, std::size_t entry);
  Result found(std::size_t entry, std::int64_t time, const Result& result);

  PacketOpener packets_;
  std::optional<Secret> escrow_;
  std::unique_ptr<RecordReader> file_;
  std::vector<std::size_t> by_time_;   // entries whose time is known
  std::vector<std::size_t> by_bytes_;  // entries by Overview::digest
  std::size_t next_ = 0;               // entry after the last that fitted
  std::int64_t offset_ = 0;            // from a frame's time to its entry's
  unsigned rest_ = 0;                  // frames until all entries are looked through again
  bool anchored_ = false;              // whether offset_ is that of a verified frame
  // Of an attempt: whether only what leaves no doubt counts; whether the record is the frame's by
  // its place, if nothing speaks against it; the same, once a frame before was verified.
  bool strict_ = false, nearest_ = true, expected_ = true;
  Overview overview_{};  // of the present frame
  std::string fault_;    // why the last attempt failed

  Fingerprinter fingerprints_;
  std::unique_ptr<Workspace> workspace_;
  std::vector<Cell> cells_;
};

}  // namespace faceperturb
