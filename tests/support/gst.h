// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/check/gstharness.h>
#include <gst/gst.h>
#include <gst/video/video.h>

#include <memory>
#include <opencv2/core/mat.hpp>
#include <string>
#include <vector>

#include "frame/frame.h"
#include "support/frames.h"

namespace faceperturb::test {

/// Owners of GStreamer's objects.
struct Release {
  void operator()(GstBuffer* buffer) const { gst_buffer_unref(buffer); }
  void operator()(GstBus* bus) const { gst_object_unref(bus); }
  void operator()(GstCaps* caps) const { gst_caps_unref(caps); }
  void operator()(GstElement* element) const { gst_object_unref(element); }
  void operator()(GstEvent* event) const { gst_event_unref(event); }
  void operator()(GstHarness* harness) const { gst_harness_teardown(harness); }
  void operator()(GstMessage* message) const { gst_message_unref(message); }
  void operator()(GstStructure* structure) const { gst_structure_free(structure); }
  void operator()(GstVideoConverter* converter) const { gst_video_converter_free(converter); }
};
using BufferPtr = std::unique_ptr<GstBuffer, Release>;
using BusPtr = std::unique_ptr<GstBus, Release>;
using CapsPtr = std::unique_ptr<GstCaps, Release>;
using ElementPtr = std::unique_ptr<GstElement, Release>;
using EventPtr = std::unique_ptr<GstEvent, Release>;
using HarnessPtr = std::unique_ptr<GstHarness, Release>;
using MessagePtr = std::unique_ptr<GstMessage, Release>;
using StructurePtr = std::unique_ptr<GstStructure, Release>;
using ConverterPtr = std::unique_ptr<GstVideoConverter, Release>;

/// The plugin's element, never null.
ElementPtr make_plain_element();
/// The same, made quick and plain: with a model that loads at once, for faces of 60 pixels or more,
/// found in every frame by itself.
ElementPtr make_element();

/// What GStreamer says of a format and size, at 25 frames a second.
GstVideoInfo video_info(const FormatInfo& format, Size size);

/// A video frame, mapped for as long as the object lives.
class Mapped {
 public:
  Mapped(const GstVideoInfo& info, GstBuffer* buffer, GstMapFlags flags = GST_MAP_READ);
  ~Mapped() { gst_video_frame_unmap(&frame); }
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;

  /// The same pixels, as the library sees them.
  Frame view() const;

  GstVideoFrame frame;
};

/// A view of a copy of the buffer's bytes, laid out as the buffer is.
Frame view_of_copy(const GstVideoInfo& info, GstBuffer* buffer, std::vector<std::uint8_t>& copy);

/// A buffer of `info` that shows a picture (BGR, any size: it is scaled); `padding` > 0 makes its
/// rows longer by that much, with a GstVideoMeta that says so.
BufferPtr make_buffer(const GstVideoInfo& info, const cv::Mat& bgr, int padding = 0);
/// Gives `to`, which has the same bytes, the times, flags and metadata of `from`.
void copy_metadata(GstBuffer* from, GstBuffer* to);
/// The picture of a buffer, as BGR or, with `alpha`, BGRA.
cv::Mat picture_of(const GstVideoInfo& info, GstBuffer* buffer, bool alpha = false);
/// Every byte of a buffer, padding included.
std::vector<std::uint8_t> bytes_of(GstBuffer* buffer);

/// The faces that a buffer's GstVideoRegionOfInterestMeta report.
std::vector<GstVideoRegionOfInterestMeta*> faces_of(GstBuffer* buffer);

/// The next message of this type, or null if there is none yet.
MessagePtr pop_message(GstBus* bus, GstMessageType type);
/// An error message's text and debug text.
std::string error_text(GstMessage* message);

/// The element in a harness, with a bus.
class Bench {
 public:
  Bench();
  explicit Bench(ElementPtr element);
  ~Bench();

  void set_caps(const GstVideoInfo& info);
  GstFlowReturn push(BufferPtr buffer) { return gst_harness_push(harness.get(), buffer.release()); }
  /// What came out, or null.
  BufferPtr pull() { return BufferPtr(gst_harness_try_pull(harness.get())); }
  /// A number of the stats property.
  guint64 stat(const char* name) const;
  template <typename... Args>
  void set(const char* name, Args... args) {
    g_object_set(element, name, args..., nullptr);
  }

  BusPtr bus{gst_bus_new()};
  HarnessPtr harness;
  GstElement* element;
};

}  // namespace faceperturb::test
