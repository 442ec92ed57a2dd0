// SPDX-License-Identifier: LGPL-2.1-or-later
#include "feed.h"

#include <gst/video/video.h>

#include <algorithm>
#include <cstring>

namespace relay {

using examples::Ptr;

namespace {

constexpr Size size_before_the_first{640, 360};
constexpr std::chrono::milliseconds black_interval{200};

Ptr<GstBuffer> make_black(GstCaps* caps) {
  GstVideoInfo info;
  gst_video_info_from_caps(&info, caps);
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&info), nullptr);
  GstMapInfo map;
  if (gst_buffer_map(buffer, &map, GST_MAP_WRITE)) {
    const gsize luma = GST_VIDEO_INFO_PLANE_OFFSET(&info, 1);
    std::memset(map.data, 16, luma);
    std::memset(map.data + luma, 128, map.size - luma);
    gst_buffer_unmap(buffer, &map);
  }
  return Ptr<GstBuffer>(buffer);
}

}  // namespace

Feed::Feed(std::optional<Size> size, std::chrono::milliseconds black_after)
    : black_after_(black_after), size_is_final_(size.has_value()) {
  use_size(size.value_or(size_before_the_first));
  thread_ = std::thread([this] { keep_going(); });
}

Feed::~Feed() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

Size Feed::fix_size(Size first) {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(size_is_final_, true)) {
    use_size(first);
    for (const auto& source : sources_)
      gst_app_src_set_caps(GST_APP_SRC(source.get()), caps_.get());
  }
  return size_;
}

// Everything but the size is fixed, so that the encoder goes on whatever the camera does.
Ptr<GstCaps> Feed::caps(Size size) {
  return Ptr<GstCaps>(gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING, "I420", "width",
                                          G_TYPE_INT, size.width, "height", G_TYPE_INT, size.height,
                                          "pixel-aspect-ratio", GST_TYPE_FRACTION, 1, 1,
                                          "colorimetry", G_TYPE_STRING, "bt709", nullptr));
}

void Feed::use_size(Size size) {
  size_ = size;
  caps_ = caps(size);
  gst_caps_set_simple(caps_.get(), "framerate", GST_TYPE_FRACTION, 0, 1, "interlace-mode",
                      G_TYPE_STRING, "progressive", nullptr);
  black_ = make_black(caps_.get());
}

void Feed::show(GstBuffer* frame) {
  const std::lock_guard lock(mutex_);
  shown_ = Clock::now();
  send(frame);
}

void Feed::go_black() {
  const std::lock_guard lock(mutex_);
  shown_.reset();
  send_black();
}

void Feed::attach(GstElement* source) {
  const std::lock_guard lock(mutex_);
  gst_app_src_set_caps(GST_APP_SRC(source), caps_.get());
  sources_.emplace_back(GST_ELEMENT(gst_object_ref(source)));
}

void Feed::detach(GstElement* source) {
  const std::lock_guard lock(mutex_);
  std::erase_if(sources_, [&](const auto& other) { return other.get() == source; });
}

void Feed::keep_going() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, black_interval, [this] { return stopping_; }))
    if (!shown_ || Clock::now() - *shown_ >= black_after_) send_black();
}

// The sources stamp what they get with the time; what they share is the picture.
void Feed::send(GstBuffer* frame) {
  for (const auto& source : sources_) {
    GstBuffer* copy = gst_buffer_copy(frame);
    GST_BUFFER_PTS(copy) = GST_BUFFER_DTS(copy) = GST_BUFFER_DURATION(copy) = GST_CLOCK_TIME_NONE;
    gst_app_src_push_buffer(GST_APP_SRC(source.get()), copy);
  }
}

void Feed::send_black() {
  ++black_frames_;
  send(black_.get());
}

}  // namespace relay
