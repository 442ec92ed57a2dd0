// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <cstdint>

namespace protect {

/// Watches decoded streams on their way in: gives every frame a time, and ends each stream when
/// `seconds` of it have passed (0: never), or where the picture ends.
class Limit {
 public:
  explicit Limit(double seconds)
      : length_(static_cast<GstClockTime>(seconds * static_cast<double>(GST_SECOND))) {}

  void watch_video(GstPad* pad);
  void watch_audio(GstPad* pad);

  /// The sound on its way to the muxer, which is encoded long before the picture is.
  void watch_encoded_audio(GstPad* pad);
  /// Leaves out the sound that is later than the last frame so far.
  void cut_audio() { cut_audio_ = true; }

  GstClockTime length() const { return length_; }
  std::uint64_t video_frames() const { return video_frames_; }

 private:
  static GstPadProbeReturn on_video(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn on_audio(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn on_encoded_audio(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  void give_time(GstPad* pad, GstPadProbeInfo* info);
  bool beyond(GstClockTime time);

  const GstClockTime length_;
  GstClockTime last_ = GST_CLOCK_TIME_NONE;  // of the last frame; of the video's streaming thread
  GstClockTime next_ = 0;                    // when it ends
  std::atomic<GstClockTime> start_ = GST_CLOCK_TIME_NONE;  // of both streams
  std::atomic<GstClockTime> video_end_ = 0;
  std::atomic<bool> cut_audio_ = false;
  std::atomic<std::uint64_t> video_frames_ = 0;
};

}  // namespace protect
