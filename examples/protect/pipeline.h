// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "command_line.h"
#include "common/gst_ptr.h"
#include "common/output_file.h"
#include "formats.h"
#include "limit.h"
#include "passengers.h"

namespace protect {

/// The elements from a source to a file:
///
///   uridecodebin ! queue ! videoconvert ! videoflip ! faceperturb ! videoconvert ! x264enc ! mux !
///   filesink
///
/// with sound and subtitles beside it, as they are where the container takes them.
class Pipeline {
 public:
  /// Throws a Failure where an element is missing, a UsageError where settings do not fit. `notes`
  /// is called in the streams' threads and outlives this object.
  Pipeline(const std::string& uri, const examples::OutputFile& output, const Settings& settings,
           Notes notes);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  GstElement* element() const { return pipeline_.get(); }
  GstElement* protector() const { return protector_; }

  /// Whether the source ends by itself, so that only its whole is of use.
  bool local_file() const { return local_file_; }
  /// Whether the end of the source may be told by silence alone.
  bool may_fall_silent() const { return !local_file_ || gif_; }
  /// True when the streams have begun.
  bool connected() const { return connected_; }
  /// Whether it is in PLAYING: what comes is written.
  bool plays() const;
  /// Whether any thread of the source runs.
  bool source_works() const;
  /// Whether it is an element of the source.
  bool is_of_source(GstObject* object) const {
    return gst_object_has_as_ancestor(object, GST_OBJECT(decoder_));
  }
  /// Asks the source for an end, so that what is on its way is still recorded.
  void end_source();
  /// Ends the streams where they leave the decoder, for a source that does not answer.
  void end_streams();

  std::uint64_t frames_in() const { return limit_.video_frames(); }
  std::uint64_t frames_out() const { return frames_; }
  /// At least one for each frame that reached the file.
  std::uint64_t packets() const { return packets_; }
  /// What part is done, 0 to 1, where the length is known.
  std::optional<double> done() const;

 private:
  struct Stream;

  GstClockTime length() const;
  void build(const std::string& uri, const examples::OutputFile& output);
  void add_preview(GstElement* tee);
  void adopt(GstPad* pad);
  void connect();
  void connect_video(Stream& stream);
  void connect_passenger(Stream& stream);
  void drop_late_frames();

  static GstPadProbeReturn count(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn watch_chapters(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn make_even(GstPad* pad, GstPadProbeInfo* info, gpointer self);

  const Container& container_;
  const Settings& settings_;
  const Notes notes_;
  Limit limit_;
  examples::Ptr<GstElement> pipeline_;
  GstElement* decoder_ = nullptr;  // the pipeline owns these
  GstElement* video_queue_ = nullptr;
  GstElement* depth_ = nullptr;
  GstElement* protector_ = nullptr;
  GstElement* crop_ = nullptr;
  GstElement* format_ = nullptr;
  GstElement* encoder_ = nullptr;
  GstElement* mux_ = nullptr;
  GstPad* muxed_video_ = nullptr;
  std::vector<GstElement*> queues_;  // the first of each stream

  // A decoded stream waits, blocked, until all of them are known: a muxer takes no more streams
  // once it has begun.
  struct Stream {
    examples::Ptr<GstPad> pad;
    examples::Ptr<GstCaps> caps;
    gulong block = 0;
    bool has(const char* kind) const {
      return gst_structure_has_name(gst_caps_get_structure(caps.get(), 0), kind);
    }
  };
  std::vector<Stream> streams_;
  const bool local_file_, gif_;
  std::atomic<bool> connected_ = false;
  std::atomic<std::uint64_t> frames_ = 0, packets_ = 0;
  std::atomic<GstClockTime> position_ = 0;
};

}  // namespace protect
