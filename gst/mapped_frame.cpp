// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mapped_frame.h"

#include <array>
#include <cstdint>
#include <span>

namespace faceperturb {

MappedFrame::MappedFrame(const GstVideoInfo& info, const FormatInfo* format, GstBuffer* buffer,
                         GstMapFlags flags)
    : is_mapped_(gst_video_frame_map(&mapped_, &info, buffer, flags)) {
  if (!is_mapped_) return;
  frame_ = {format, GST_VIDEO_FRAME_WIDTH(&mapped_), GST_VIDEO_FRAME_HEIGHT(&mapped_), {}};
  std::array<std::span<const std::uint8_t>, 3> memory;
  for (guint p = 0; p < GST_VIDEO_FRAME_N_PLANES(&mapped_); ++p) {
    frame_.planes[p] = {static_cast<guint8*>(GST_VIDEO_FRAME_PLANE_DATA(&mapped_, p)),
                        GST_VIDEO_FRAME_PLANE_STRIDE(&mapped_, p)};
    const GstMapInfo& map = mapped_.map[mapped_.meta ? p : 0];
    memory[p] = {map.data, map.size};
  }
  usable_ = fits(frame_, memory);
}

MappedFrame::~MappedFrame() {
  if (is_mapped_) gst_video_frame_unmap(&mapped_);
}

}  // namespace faceperturb
