// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace bench {

struct Release {
  void operator()(GstBuffer* buffer) const { gst_buffer_unref(buffer); }
  void operator()(GstBus* bus) const { gst_object_unref(bus); }
  void operator()(GstCaps* caps) const { gst_caps_unref(caps); }
  void operator()(GstElement* element) const { gst_object_unref(element); }
  void operator()(GstPad* pad) const { gst_object_unref(pad); }
  void operator()(GstStructure* structure) const { gst_structure_free(structure); }
};
template <typename T>
using Ptr = std::unique_ptr<T, Release>;

/// What it took an element to do some frames.
struct Run {
  std::vector<double> milliseconds;  ///< CPU time of the pushing thread, a frame
  double wall_milliseconds = 0;
  double cpu_milliseconds = 0;  ///< of all threads
  int changed = 0;              ///< frames that came out otherwise than they went in
};

/// One element between two pads of our own: a push returns when the element lets it, so its time is
/// the element's alone, without queues. Work in threads of the element's own shows in the CPU time,
/// and in the wall time where the element falls behind.
class Rig {
 public:
  /// Starts the element; throws std::runtime_error with its error.
  Rig(Ptr<GstElement> element, GstCaps* caps);
  ~Rig();
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  GstElement* element() const { return element_.get(); }
  /// Pushes copies of the frames; the copying does not count.
  Run push(const std::vector<GstBuffer*>& frames);

 private:
  static GstFlowReturn take(GstPad* pad, GstObject* parent, GstBuffer* buffer);
  [[noreturn]] void fail(const std::string& fault);

  Ptr<GstElement> element_;
  Ptr<GstBus> bus_;
  Ptr<GstPad> source_;
  Ptr<GstPad> sink_;
  std::deque<Ptr<GstBuffer>> in_;    // pushed, not yet come out; as they were
  std::vector<Ptr<GstBuffer>> out_;  // freed outside of what is timed
};

}  // namespace bench
