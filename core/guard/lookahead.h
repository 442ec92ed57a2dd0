// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "faces/detector.h"
#include "faces/face.h"
#include "faces/landmarks.h"
#include "frame/frame.h"
#include "guard/state.h"

namespace faceperturb {

class Stillness;
class Tracker;
class Worker;

/// What is known of a frame when it is to leave.
struct Verdict {
  FrameState state = FrameState::covered;
  std::vector<Face> faces;  ///< in frame pixels
  std::string fault;        ///< why the state is covered; empty otherwise
};

/// Decides with what faces, and in which state, each frame may leave. Frames are looked at by a
/// worker, in order: every `detect_interval`-th by the detector, those between by tracking. All
/// workers of a process share its threads (worker_pool.h), in turns of one frame. A frame leaves
/// after `lookahead` more have come; what was found in them reaches back to it.
///
/// A verdict is `checked` or `held` only if a detector looked at a frame at most `detect_interval`
/// before and at one at most `detect_interval` after it (or at itself); a scene without faces that
/// was searched to the end and has not changed since (stillness.h) is not searched again. With a
/// detector that keeps up and no deadline the verdicts depend on the frames alone.
class Lookahead {
 public:
  using Time = std::chrono::nanoseconds;
  using Clock = std::chrono::steady_clock;

  struct Options {
    int detect_interval = 5;  ///< frames, >= 1; more than lookahead + 1 counts as that
    int lookahead = 15;       ///< frames, >= 0
    Time hold = std::chrono::milliseconds(500);
  };

  /// `detector` may be null: then push() brings what was found in each frame.
  Lookahead(std::unique_ptr<Detector> detector, LandmarkPredictor landmarks,
            const Options& options);
  ~Lookahead();
  Lookahead(const Lookahead&) = delete;
  Lookahead& operator=(const Lookahead&) = delete;

  /// Takes what it needs of the next frame, at most `lookahead` + 1 of which may be waiting. `time`
  /// grows from frame to frame; `min_face_size` is in luma pixels (less than 8 counts as 8).
  void push(const LumaView& luma, Time time, int min_face_size,
            std::optional<std::vector<Detection>> found = {});
  /// No more frames come: those that wait get their verdicts with what is there.
  void finish();

  /// Frames that wait for pop().
  std::size_t waiting() const;
  /// The verdict of the oldest frame that waits; there must be one, and `lookahead` more behind it
  /// or finish() before. Blocks until it is known, or until `deadline`: then the frame is covered.
  /// After more than `detect_interval` of those in a row the worker leaves out what it is behind
  /// with, for that would be late too, and goes on with the newest frame.
  Verdict pop(std::optional<Clock::time_point> deadline = {});

  /// Forgets all frames and faces: after a flush, a discontinuity, another format.
  void reset();
  /// The same, and goes on with other options.
  void reset(const Options& options);
  /// As they are in force.
  Options options() const;

  /// What the worker spent since construction.
  struct Times {
    Time detect{};  ///< in the detector
    Time track{};   ///< in all else: optical flow and landmarks
  };
  Times times() const;

 private:
  struct Entry;
  using EntryPtr = std::shared_ptr<Entry>;

  bool has_work() const;
  bool work();
  void look_at(const EntryPtr& entry);
  void look_again_at_last();
  void lose_tracks(const char* fault);
  std::vector<Detection> run_detector(const Entry& entry);
  void detect(Entry& entry);
  void extend_back(const std::vector<Face>& appeared);
  static void protect(Entry& entry, const Face& face);
  void conclude(std::uint64_t end);
  void reserve();
  void let_go(EntryPtr entry);
  void skip_to_newest();
  bool detected_near(std::uint64_t index) const;

  const std::unique_ptr<Detector> detector_;  // the worker's
  const LandmarkPredictor landmarks_;

  // Shared, under the mutex.
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Vectors: they are short, and a deque allocates as it goes on.
  std::vector<EntryPtr> waiting_;  // pushed, not popped
  std::vector<EntryPtr> todo_;     // pushed, not looked at
  std::vector<EntryPtr> spare_;    // memory for frames to come
  bool finishing_ = false;
  bool busy_ = false;
  std::uint64_t next_index_ = 0;
  int late_ = 0;  // frames in a row that left before their verdict
  Times times_;

  // The worker's while it is busy, otherwise under the mutex.
  Options options_;
  std::unique_ptr<Tracker> tracker_;
  std::unique_ptr<Stillness> stillness_;
  std::deque<EntryPtr> history_;          // looked at: those without a verdict, and the newest
  std::deque<std::uint64_t> detections_;  // frames that a detector looked at
  std::uint64_t last_cut_ = 0;            // first frame of the present shot
  std::string fault_;                     // of the last detection that failed
  std::unique_ptr<Worker> worker_;        // goes first: it uses the others
};

}  // namespace faceperturb
