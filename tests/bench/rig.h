// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include "clips.h"
#include "hooks.h"
#include "samples.h"

namespace bench {

/// What it took an element to do some frames.
struct Run {
  std::vector<double> milliseconds;  ///< CPU time of the pushing thread, a frame
  double wall_milliseconds = 0;
  double cpu_milliseconds = 0;  ///< of all threads
  Calls calls;                  ///< of the pushing thread
  std::size_t came_out = 0;     ///< frames
  std::size_t changed = 0;      ///< bytes that came out otherwise than they went in
  std::size_t in_place = 0;     ///< frames that came out in the memory in which they went in
};

/// One element between two pads of our own: a push returns when the element lets it, so its time is
/// the element's alone, without queues. Work in threads of the element's own shows in the CPU time,
/// and in the wall time where the element falls behind.
class Rig {
 public:
  /// Starts the element; throws std::runtime_error with its error. `live`: the source says it is.
  Rig(Ptr<GstElement> element, const Clip& clip, bool live = false);
  ~Rig();
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  GstElement* element() const { return element_.get(); }
  /// Pushes copies of the next frames of the clip; the copying does not count.
  Run push(int frames);
  /// Pushes one frame a `rate`-th second for so long, beginning at `start`. Returns how long after
  /// it was due each frame came out, in milliseconds, of those after the first `from` seconds;
  /// gives up, and returns nothing, where it falls two seconds behind.
  std::vector<double> play(Clock::time_point start, double seconds, double from);

 private:
  static GstFlowReturn take(GstPad* pad, GstObject* parent, GstBuffer* buffer);
  static gboolean answer(GstPad* pad, GstObject* parent, GstQuery* query);
  Ptr<GstBuffer> next_frame();
  void push(Ptr<GstBuffer> frame);
  [[noreturn]] void fail(const std::string& fault);

  struct Arrived {
    Ptr<GstBuffer> buffer;
    Clock::time_point time;
  };
  struct Sent {
    std::size_t number;  // of the clip's frame
    GstMemory* memory;
  };

  const Clip& clip_;
  const bool live_;
  Ptr<GstElement> element_;
  Ptr<GstBus> bus_;
  Ptr<GstPad> source_;
  Ptr<GstPad> sink_;
  std::size_t next_ = 0;
  std::deque<Sent> in_;       // pushed, not yet come out
  std::vector<Arrived> out_;  // freed outside of what is timed
};

}  // namespace bench
