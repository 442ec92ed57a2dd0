// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/app/app.h>
#include <gst/gst.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "common/gst_ptr.h"
#include "config.h"

namespace relay {

/// What the viewers of one camera see: its protected frames as they come, and black frames, five a
/// second, from when none has come for a while. Never the same frame twice. Any thread may call.
class Feed {
 public:
  /// `size`: of the picture; else fix_size() says it, and before that black has a size of its own.
  Feed(std::optional<Size> size, std::chrono::milliseconds black_after);
  ~Feed();
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  /// The size of the picture, from now on and for good. The first call decides.
  Size fix_size(Size first);
  /// The caps that frames of this size must have.
  static examples::Ptr<GstCaps> caps(Size size);

  /// Sends a protected frame of the fixed size. Does not wait for viewers.
  void show(GstBuffer* frame);
  /// Black from now until the next frame.
  void go_black();

  /// Sends what comes to this source too, an appsrc that drops what its reader does not take.
  void attach(GstElement* source);
  void detach(GstElement* source);

  std::uint64_t black_frames() const { return black_frames_; }

 private:
  using Clock = std::chrono::steady_clock;

  void keep_going();
  void send(GstBuffer* frame);
  void send_black();
  void use_size(Size size);

  const std::chrono::milliseconds black_after_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  bool size_is_final_;
  Size size_{};
  examples::Ptr<GstCaps> caps_;
  examples::Ptr<GstBuffer> black_;
  std::optional<Clock::time_point> shown_;
  std::vector<examples::Ptr<GstElement>> sources_;
  std::atomic<std::uint64_t> black_frames_ = 0;
  std::thread thread_;  // last: it uses the others
};

}  // namespace relay
