// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/base/gstbasetransform.h>
#include <gst/video/video.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "guard/lookahead.h"
#include "options.h"
#include "protector.h"
#include "record/recorder.h"
#include "stats.h"

namespace faceperturb {

/// What the threads of an element share.
struct Shared {
  Options snapshot() {
    const std::lock_guard lock(mutex);
    return options;
  }
  FrameOptions of_frame() {
    const std::lock_guard lock(mutex);
    return options;
  }

  std::mutex mutex;  // not the object lock: sanitizers see through this one
  Options options;   // under the mutex
  Stats stats;
  std::atomic<int> depth = 0;                    ///< frames held back
  std::atomic<GstClockTime> frame_duration = 0;  ///< nanoseconds, > 0 while frames flow
  std::atomic<bool> live = false;
};

/// The frames between an element's input and its output: each is looked at when it comes, waits for
/// as many as are looked ahead, and leaves protected. Errors are posted as the element's.
///
/// For the streaming thread, or while no frame flows.
class FrameQueue {
 public:
  /// Faces are found by `detector`; where it is null, they come as metadata of the buffers. Without
  /// `recorder` nothing can be restored. `base` and `shared` outlive the queue.
  FrameQueue(GstBaseTransform* base, Shared& shared, std::unique_ptr<Detector> detector,
             LandmarkPredictor landmarks, std::unique_ptr<Recorder> recorder);
  ~FrameQueue() { discard(); }
  FrameQueue(const FrameQueue&) = delete;
  FrameQueue& operator=(const FrameQueue&) = delete;

  /// Takes over the options that hold for a whole stream. False where its record cannot be begun.
  bool start();
  /// Throws away what waits, and ends the record.
  void stop();
  /// False where they cannot be used; then, and before, no frame may be pushed.
  bool set_caps(const GstCaps* caps);
  bool has_caps() const { return format_ != nullptr; }
  const GstVideoInfo& info() const { return info_; }

  bool empty() const { return waiting_.empty(); }
  /// Takes the buffer, whatever the result is.
  GstFlowReturn push(GstBuffer* buffer);
  /// Keeps an event in its place behind the newest frame, if one waits; otherwise returns false.
  bool push(GstEvent* event);
  /// The oldest frame, protected, if enough came after it; otherwise null. The events before it go
  /// out. GST_BASE_TRANSFORM_FLOW_DROPPED: it shall not leave.
  GstFlowReturn pop(GstBuffer** output);
  /// Sends everything that waits: no more frames come to look ahead at.
  GstFlowReturn drain();
  /// Throws away what waits.
  void discard();
  /// What was tracked says nothing of what comes.
  void forget_faces() { lookahead_.reset(); }

 private:
  struct Waiting {
    std::vector<GstEvent*> events;  // that came before it
    GstBuffer* buffer;
  };

  void unusable(GstBuffer* buffer) const;
  bool look_at(GstBuffer* buffer);
  std::optional<GstVideoInfo> protect(GstBuffer* buffer, Verdict& verdict,
                                      const FrameOptions& options);
  GstFlowReturn release(GstBuffer** output);
  bool record(GstBuffer* buffer, GstClockTime time, const FrameOptions& options);

  GstBaseTransform* const base_;
  Shared& shared_;
  const bool upstream_;  // faces come as metadata
  Lookahead lookahead_;
  const std::unique_ptr<Recorder> recorder_;
  std::optional<Protector> protector_;
  bool warned_ = false;  // that a method cannot be undone

  GstVideoInfo info_{};
  const FormatInfo* format_ = nullptr;
  LumaReader luma_;
  std::vector<Waiting> waiting_;     // short; a deque allocates as it goes on
  std::vector<GstEvent*> events_;    // that came after the newest frame that waits
  std::chrono::nanoseconds time_{};  // of the newest frame: grows, whatever timestamps do
};

}  // namespace faceperturb
