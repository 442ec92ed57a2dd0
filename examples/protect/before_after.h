// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <deque>
#include <filesystem>

#include "common/gst_ptr.h"

namespace protect {

/// Keeps one frame as it went into an element and as it came out: the one with the largest faces,
/// by the metadata on the outgoing buffer. Nothing is stored anywhere before write().
class BeforeAfter {
 public:
  /// Watches the element's pads, for as long as it exists. This object must outlive the stream.
  void watch(GstElement* element);
  /// Writes both side by side as PNG and returns true, or returns false where there was no face.
  /// To be called when no frame flows; throws a Failure.
  bool write(const std::filesystem::path& file) const;

 private:
  struct Picture {
    examples::Ptr<GstBuffer> buffer;
    examples::Ptr<GstCaps> caps;
  };

  static Picture copy(GstPad* pad, GstBuffer* buffer);
  static GstPadProbeReturn on_input(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn on_output(GstPad* pad, GstPadProbeInfo* info, gpointer self);

  std::deque<Picture> inputs_;  // frames that are in the element now
  Picture before_;
  Picture after_;
  guint64 area_ = 0;
};

}  // namespace protect
