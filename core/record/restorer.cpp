// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record/restorer.h"

#include <algorithm>
#include <cstdlib>

#include "perturb/permutation.h"
#include "perturb/workspace.h"
#include "record/escrow.h"

namespace faceperturb {
namespace {

constexpr std::size_t likely_in_time = 8;  // entries
constexpr std::size_t likely_in_turn = 3;  // behind the one that should come next
constexpr unsigned tries_a_frame = 20;     // entries, on average, of frames that fit nowhere

constexpr const char* another =
    "its record is not here: this one is of another, or the picture was changed";

const MethodInfo* find_method(std::string_view name) {
  const auto found = std::ranges::find(methods(), name, &MethodInfo::name);
  return found == methods().end() ? nullptr : &*found;
}

std::string size_of(std::uint32_t width, std::uint32_t height) {
  return std::to_string(width) + "x" + std::to_string(height);
}

// Why the record cannot be of such a frame, or nothing.
std::string misfit(const Frame& frame, const FrameRecord& record) {
  const auto width = static_cast<std::uint32_t>(frame.width);
  const auto height = static_cast<std::uint32_t>(frame.height);
  if (record.width != width || record.height != height)
    return "the record is of pictures of " + size_of(record.width, record.height) +
           ", this one has " + size_of(width, height);
  if (record.faces.empty()) return {};
  if (record.cell_width % static_cast<std::uint32_t>(frame.format->chroma_width()) != 0 ||
      record.cell_height % static_cast<std::uint32_t>(frame.format->chroma_height()) != 0)
    return "cells of " + size_of(record.cell_width, record.cell_height) + " pixels moved in " +
           record.format + ", and in " + std::string(frame.format->name) +
           " several of them share their colour: convert to " + record.format + " before";
  return {};
}

}  // namespace

Restorer::Restorer(const Secret& master, std::optional<Secret> escrow,
                   std::unique_ptr<RecordReader> file)
    : packets_(master),
      escrow_(std::move(escrow)),
      file_(std::move(file)),
      workspace_(std::make_unique<Workspace>()) {
  if (!file_) return;
  const auto& entries = file_->entries();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    by_bytes_.push_back(i);
    if (entries[i].time >= 0) by_time_.push_back(i);
  }
  std::ranges::stable_sort(by_time_, {}, [&](std::size_t i) { return entries[i].time; });
  std::ranges::stable_sort(by_bytes_, {},
                           [&](std::size_t i) { return entries[i].overview.digest; });
}

Restorer::~Restorer() = default;

void Restorer::forget() {
  anchored_ = false;
  rest_ = 0;
}

Restorer::Result Restorer::restore(const Frame& frame, std::int64_t time,
                                   std::span<const std::uint8_t> packet) {
  fault_.clear();
  strict_ = false;
  nearest_ = expected_ = true;
  overview_ = fingerprints_.overview(frame);
  if (packet.empty()) {
    if (file_) return search(frame, time);
    return {.fault = "the frame carries no record"};
  }
  const auto opened = packets_.open(packet);
  return attempt(frame, opened.record, opened.keys).value_or(Result{.fault = fault_});
}

Match Restorer::likeness(const Thumbnail& a, const Thumbnail& b) const {
  Likeness likeness;
  likeness.add(a, b);
  return likeness.match(strict_ ? Likeness::certain : Likeness::likely);
}

// Restores the frame if the record is its own.
std::optional<Restorer::Result> Restorer::attempt(const Frame& frame, const FrameRecord& record,
                                                  const KeySchedule& keys) {
  fault_ = misfit(frame, record);
  if (!fault_.empty()) return {};
  if (!record.faces.empty()) return attempt_faces(frame, record, keys);
  // Frames without faces may look alike and have nothing to be tried by, but in their very bytes.
  const bool same_bytes = overview_.digest == record.overview.digest;
  if (!same_bytes) {
    fault_ = another;
    if (strict_ || likeness(overview_.thumbnail, record.overview.thumbnail) == Match::no) return {};
  }
  return Result{record.state == FrameState::covered ? Restored::covered : Restored::untouched,
                0,
                same_bytes,
                {}};
}

std::optional<Restorer::Result> Restorer::attempt_faces(const Frame& frame,
                                                        const FrameRecord& record,
                                                        const KeySchedule& keys) {
  const CellGrid grid(frame, static_cast<int>(record.cell_width),
                      static_cast<int>(record.cell_height));
  const bool same_format = record.format == frame.format->name;
  const bool same_bytes = same_format && std::ranges::all_of(record.faces, [&](const auto& face) {
                            return digest(frame, grid, face.cells) == face.digest;
                          });
  if (!same_bytes) {
    fault_ = another;
    if (likeness(overview_.thumbnail, record.overview.thumbnail) == Match::no) return {};
  }
  const std::uint64_t faces = record.faces.size();
  const Restored as_it_was = same_bytes ? Restored::exactly : Restored::nearly;
  const auto locked = [&](std::string why) -> std::optional<Result> {
    fault_ = why;
    if (!same_bytes && !nearest_) return {};
    return Result{Restored::locked, 0, same_bytes, std::move(why)};
  };
  if (!record.escrow.empty() && escrow_) {
    if (!same_format)
      return locked("the originals were kept in " + record.format + ": convert to it before");
    if (!same_bytes && !nearest_) return {};
    try {
      restore_escrow(frame, grid, KeySchedule(*escrow_, keys.id()), record);
    } catch (const RecordError& error) {
      return locked(error.what());
    }
    return Result{as_it_was, faces, same_bytes, {}};
  }
  const MethodInfo* method = find_method(record.method);
  if (!method || !method->undo)
    return locked("method " + record.method + " cannot be undone, and " +
                  (record.escrow.empty() ? "the originals were not kept"
                                         : "the originals need the escrow key"));
  run(method->undo, frame, grid, record, keys);
  if (same_bytes) return Result{as_it_was, faces, true, {}};
  Likeness back;
  for (const FaceRecord& face : record.faces) {
    const auto [thumbnail, pixels] = fingerprints_.cells(frame, grid, face.cells);
    back.add(thumbnail, face.original, pixels, face.moved);
  }
  const Match match = back.match(strict_ ? Likeness::certain : Likeness::likely);
  if (match == Match::yes || (match == Match::unknown && expected_))
    return Result{as_it_was, faces, match == Match::yes, {}};
  run(method->apply, frame, grid, record, keys);
  fault_ = another;
  return {};
}

// Applies a permutation, or undoes it, as the record says it was drawn.
void Restorer::run(MethodInfo::Function function, const Frame& frame, const CellGrid& grid,
                   const FrameRecord& record, const KeySchedule& keys) {
  const ParameterValues none;
  std::uint32_t number = 0;
  for (const FaceRecord& face : record.faces) {
    RandomStream random(keys.permutation(), record.epoch, number++);
    cells_ = face.cells;
    if (face.moved < cells_.size()) draw_to_front(std::span(cells_), face.moved, random);
    if (face.moved == 0) continue;
    function({frame, grid, {}, std::span(cells_).first(face.moved), 1}, none, random, *workspace_);
  }
}

// The entries that a frame of this time is probably of.
std::vector<std::size_t> Restorer::likely(std::int64_t time) const {
  const auto& entries = file_->entries();
  std::vector<std::size_t> result;
  const auto add = [&](std::size_t entry) {
    if (entry < entries.size() && std::ranges::find(result, entry) == result.end())
      result.push_back(entry);
  };
  if (time < 0 || by_time_.empty()) {
    for (std::size_t i = 0; i <= likely_in_turn; ++i) add(next_ + i);
    return result;
  }
  const std::int64_t there = time + offset_;
  const auto apart = [&](std::size_t i) { return std::llabs(entries[i].time - there); };
  const auto at =
      std::ranges::lower_bound(by_time_, there, {}, [&](std::size_t i) { return entries[i].time; });
  const auto half = static_cast<std::ptrdiff_t>(likely_in_time / 2);
  const auto first = at - std::min(half, at - by_time_.begin());
  const auto last = at + std::min(half, by_time_.end() - at);
  std::vector<std::size_t> near(first, last);
  std::ranges::stable_sort(near, {}, apart);
  // Of frames of one time, the one whose turn it is.
  if (!near.empty() && next_ < entries.size() && apart(next_) <= apart(near.front())) add(next_);
  for (const std::size_t entry : near) add(entry);
  return result;
}

std::optional<Restorer::Result> Restorer::attempt_entry(const Frame& frame, std::size_t entry) {
  return attempt(frame, file_->read(entry), file_->keys(entry));
}

// The frame was that entry's.
Restorer::Result Restorer::found(std::size_t entry, std::int64_t time, const Result& result) {
  const std::int64_t there = file_->entries()[entry].time;
  next_ = entry + 1;
  anchored_ = anchored_ || result.verified;
  if (time >= 0 && there >= 0) offset_ = there - time;
  return result;
}

// The frame is from elsewhere in the record, or from elsewhere. Of so many tries none may fit by
// chance.
std::optional<Restorer::Result> Restorer::search_all(const Frame& frame, std::int64_t time) {
  if (rest_ > 0) {
    --rest_;
    return {};
  }
  strict_ = true;
  nearest_ = expected_ = false;
  const auto& entries = file_->entries();
  for (std::size_t k = 0; k < entries.size(); ++k) {
    const std::size_t entry = (next_ + k) % entries.size();
    if (likeness(overview_.thumbnail, entries[entry].overview.thumbnail) == Match::no) continue;
    if (const auto result = attempt_entry(frame, entry)) return found(entry, time, *result);
  }
  rest_ = static_cast<unsigned>(entries.size()) / tries_a_frame;
  return {};
}

// The entries of frames that left with the same bytes, as far as the overview goes; from the one
// whose turn it is.
std::vector<std::size_t> Restorer::same_bytes() const {
  const auto same = std::ranges::equal_range(
      by_bytes_, overview_.digest, {},
      [&](std::size_t i) -> const Digest& { return file_->entries()[i].overview.digest; });
  std::vector<std::size_t> result(same.begin(), same.end());
  std::ranges::rotate(result, std::ranges::lower_bound(result, next_));
  return result;
}

Restorer::Result Restorer::search(const Frame& frame, std::int64_t time) {
  std::string fault;
  std::optional<Result> doubtful;
  const auto near = likely(time);
  const auto try_each = [&](std::span<const std::size_t> entries,
                            bool strict) -> std::optional<Result> {
    for (const std::size_t entry : entries) {
      strict_ = strict;
      nearest_ = !strict && entry == near.front();
      expected_ = nearest_ && anchored_;
      const auto result = attempt_entry(frame, entry);
      // Without faces many frames look alike: only the one that is expected is believed to be it.
      const bool looks_alike = result && !result->verified && result->faces == 0;
      if (result && (!looks_alike || expected_)) return found(entry, time, *result);
      if (looks_alike && !doubtful) doubtful = result;
      if (fault.empty()) fault = fault_.empty() ? another : fault_;
    }
    return {};
  };
  // What leaves no doubt first: what is only likely must not take its place, wherever it is. But
  // for the one that is expected, as it mostly is the right one and all are many.
  if (const auto result = try_each(near, true)) return *result;
  if (const auto result = try_each(same_bytes(), true)) return *result;
  if (anchored_ && !near.empty())
    if (const auto result = try_each(std::span(near).first(1), false)) return *result;
  if (const auto result = search_all(frame, time)) return *result;
  if (const auto result = try_each(near, false)) return *result;
  if (doubtful) return *doubtful;
  if (anchored_ && time >= 0 && !by_time_.empty() &&
      time + offset_ > file_->entries()[by_time_.back()].time)
    fault = "the record ends before it";
  return {.fault = fault.empty() ? "the record has no frame" : fault};
}

}  // namespace faceperturb
