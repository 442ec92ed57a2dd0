// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/video/video.h>

#include "frame/frame.h"

namespace faceperturb {

/// A buffer's video frame as the library sees it, mapped for as long as the object lives. The
/// buffer must outlive it.
class MappedFrame {
 public:
  /// `format` is that of `info`; GST_MAP_READWRITE needs a writable buffer.
  MappedFrame(const GstVideoInfo& info, const FormatInfo* format, GstBuffer* buffer,
              GstMapFlags flags);
  ~MappedFrame();
  MappedFrame(const MappedFrame&) = delete;
  MappedFrame& operator=(const MappedFrame&) = delete;

  /// Whether the frame could be mapped and lies wholly in the buffer's memory: GStreamer does not
  /// check that where a GstVideoMeta says where the planes are. If not, frame() must not be used.
  explicit operator bool() const { return usable_; }
  const Frame& frame() const { return frame_; }
  /// How it lies in memory.
  const GstVideoInfo& info() const { return mapped_.info; }

 private:
  GstVideoFrame mapped_;
  bool is_mapped_;
  bool usable_ = false;
  Frame frame_;
};

}  // namespace faceperturb
