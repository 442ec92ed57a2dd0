// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "support/gst.h"
#include "support/scenes.h"

namespace faceperturb::test {

inline GstVideoInfo i420() { return video_info(*find_format("I420"), {320, 240}); }

/// The portrait as a buffer of i420().
inline BufferPtr portrait_at(GstClockTime time) {
  BufferPtr buffer = make_buffer(i420(), portrait().bgr);
  GST_BUFFER_PTS(buffer.get()) = time;
  return buffer;
}

}  // namespace faceperturb::test
