// SPDX-License-Identifier: LGPL-2.1-or-later
#include "limit.h"

#include <gst/video/video.h>

#include <algorithm>

#include "common/gst_ptr.h"

namespace protect {

using examples::Ptr;

namespace {

// How long a frame of the stream is shown.
GstClockTime frame_duration(GstPad* pad) {
  const Ptr<GstCaps> caps(gst_pad_get_current_caps(pad));
  GstVideoInfo info;
  if (caps && gst_video_info_from_caps(&info, caps.get()) && GST_VIDEO_INFO_FPS_N(&info) > 0)
    return gst_util_uint64_scale_int(GST_SECOND, GST_VIDEO_INFO_FPS_D(&info),
                                     GST_VIDEO_INFO_FPS_N(&info));
  return GST_SECOND / 25;
}

GstClockTime running_time(GstPad* pad, GstBuffer* buffer) {
  const Ptr<GstEvent> event(gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0));
  if (!event) return GST_CLOCK_TIME_NONE;
  const GstSegment* segment = nullptr;
  gst_event_parse_segment(event.get(), &segment);
  return gst_segment_to_running_time(segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
}

// Ends a stream where it is watched: what comes after is refused, which the source is told.
GstPadProbeReturn end_stream(GstPad* pad) {
  gst_pad_send_event(pad, gst_event_new_eos());
  return GST_PAD_PROBE_DROP;
}

}  // namespace

void Limit::watch_video(GstPad* pad) {
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_video, this, nullptr);
}

void Limit::watch_audio(GstPad* pad) {
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_audio, this, nullptr);
}

void Limit::watch_encoded_audio(GstPad* pad) {
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_encoded_audio, this, nullptr);
}

// A muxer wants times that rise, and how long each frame is shown. Still pictures have neither, and
// GStreamer's decoder gives all the frames of a GIF the same time.
void Limit::give_time(GstPad* pad, GstPadProbeInfo* info) {
  GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  const GstClockTime pts = GST_BUFFER_PTS(buffer);
  const bool rises =
      GST_CLOCK_TIME_IS_VALID(pts) && (!GST_CLOCK_TIME_IS_VALID(last_) || pts > last_);
  if (!rises || !GST_BUFFER_DURATION_IS_VALID(buffer)) {
    buffer = gst_buffer_make_writable(buffer);
    GST_PAD_PROBE_INFO_DATA(info) = buffer;
    if (!rises) GST_BUFFER_PTS(buffer) = next_;
    if (!GST_BUFFER_DURATION_IS_VALID(buffer)) GST_BUFFER_DURATION(buffer) = frame_duration(pad);
  }
  last_ = GST_BUFFER_PTS(buffer);
  next_ = last_ + std::max<GstClockTime>(GST_BUFFER_DURATION(buffer), GST_MSECOND);
}

bool Limit::beyond(GstClockTime time) {
  if (length_ == 0 || !GST_CLOCK_TIME_IS_VALID(time)) return false;
  GstClockTime start = GST_CLOCK_TIME_NONE;
  if (start_.compare_exchange_strong(start, time)) start = time;
  return time >= start && time - start >= length_;
}

GstPadProbeReturn Limit::on_video(GstPad* pad, GstPadProbeInfo* info, gpointer self) {
  auto& limit = *static_cast<Limit*>(self);
  limit.give_time(pad, info);
  GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  const GstClockTime time = running_time(pad, buffer);
  if (limit.beyond(time)) return end_stream(pad);
  if (GST_CLOCK_TIME_IS_VALID(time)) limit.video_end_ = time + GST_BUFFER_DURATION(buffer);
  ++limit.video_frames_;
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn Limit::on_audio(GstPad* pad, GstPadProbeInfo* info, gpointer self) {
  const GstClockTime time = running_time(pad, GST_PAD_PROBE_INFO_BUFFER(info));
  return static_cast<Limit*>(self)->beyond(time) ? end_stream(pad) : GST_PAD_PROBE_OK;
}

GstPadProbeReturn Limit::on_encoded_audio(GstPad* pad, GstPadProbeInfo* info, gpointer self) {
  const auto& limit = *static_cast<Limit*>(self);
  const GstClockTime time = running_time(pad, GST_PAD_PROBE_INFO_BUFFER(info));
  const bool late = GST_CLOCK_TIME_IS_VALID(time) && time >= limit.video_end_;
  return limit.cut_audio_ && late ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

}  // namespace protect
