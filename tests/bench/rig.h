// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <memory>
#include <string>

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

/// What it took an element to do a frame.
struct Push {
  double milliseconds;
  double cpu_milliseconds;  ///< of all threads
  bool changed;             ///< the frame is not what it was
};

/// One element between two pads of our own: a push returns when the element is done with the frame,
/// so its time is the element's alone, without threads and queues.
class Rig {
 public:
  /// Starts the element; throws std::runtime_error with its error.
  Rig(Ptr<GstElement> element, GstCaps* caps);
  ~Rig();
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  GstElement* element() const { return element_.get(); }
  /// Pushes a copy of the frame; the copying does not count.
  Push push(GstBuffer* frame);

 private:
  static GstFlowReturn take(GstPad* pad, GstObject* parent, GstBuffer* buffer);
  [[noreturn]] void fail(const std::string& fault);

  Ptr<GstElement> element_;
  Ptr<GstBus> bus_;
  Ptr<GstPad> source_;
  Ptr<GstPad> sink_;
  Ptr<GstBuffer> out_;  // freed outside of what is timed
};

}  // namespace bench
