// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "common/gst_ptr.h"
#include "common/output_file.h"
#include "limit.h"

namespace protect {

/// The elements that make a kind of file.
struct Container {
  const char* muxer;
  const char* audio_encoder;
};

/// The elements from a source to a file:
///
///   uridecodebin ! queue ! videoconvert ! faceperturb ! videoconvert ! x264enc ! mux ! filesink
///
/// with the first audio stream, if there is one, encoded anew beside it.
class Pipeline {
 public:
  /// Throws a Failure where an element is missing. `seconds` = 0: to the source's end.
  Pipeline(const std::string& uri, const examples::OutputFile& output, double seconds);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  GstElement* element() const { return pipeline_.get(); }
  GstElement* protector() const { return protector_; }

  /// True when the streams have begun.
  bool connected() const { return connected_; }
  /// True once the streams have begun; before that, a file may take its time to be opened.
  bool must_not_be_silent() const { return connected_ || !local_file_; }
  /// Asks the source for an end, so that what is on its way is still recorded.
  void end_source();
  /// Ends the streams where they leave the decoder, for a source that does not answer.
  void end_streams();

  std::uint64_t frames_in() const { return limit_.video_frames(); }
  std::uint64_t frames_out() const { return frames_; }
  /// What part is done, 0 to 1, where the length is known.
  std::optional<double> done() const;

 private:
  void build_video(const std::string& uri, const examples::OutputFile& output);
  void build_audio();
  void adopt(GstPad* pad);
  void connect();
  void drop_late_frames();

  static GstPadProbeReturn count(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn make_even(GstPad* pad, GstPadProbeInfo* info, gpointer self);

  const Container container_;
  Limit limit_;
  examples::Ptr<GstElement> pipeline_;
  GstElement* decoder_ = nullptr;  // the pipeline owns these
  GstElement* video_queue_ = nullptr;
  GstElement* audio_queue_ = nullptr;
  GstElement* protector_ = nullptr;
  GstElement* crop_ = nullptr;
  GstElement* mux_ = nullptr;

  // A decoded stream waits, blocked, until all of them are known: a muxer takes no more streams
  // once it has begun.
  struct Stream {
    examples::Ptr<GstPad> pad;
    gulong block = 0;
  };
  Stream video_, audio_;
  const bool local_file_;
  std::atomic<bool> connected_ = false;
  std::atomic<std::uint64_t> frames_ = 0;
  std::atomic<GstClockTime> position_ = 0;
};

}  // namespace protect
