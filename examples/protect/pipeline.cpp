// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipeline.h"

#include <gst/video/video.h>

#include <algorithm>

#include "common/command.h"
#include "common/elements.h"

namespace protect {

using examples::add_element;
using examples::Failure;
using examples::link_all;
using examples::Ptr;

namespace {

constexpr int smallest_side = 16;

const Container& container_for(const examples::OutputFile& output) {
  if (const Container* container = container_of(output.path())) return *container;
  throw Failure("'" + output.path().string() + "': no container has this suffix");
}

Ptr<GstPad> sink_pad(GstElement* element) {
  return Ptr<GstPad>(gst_element_get_static_pad(element, "sink"));
}

std::optional<GstVideoInfo> video_info(GstPad* pad) {
  const Ptr<GstCaps> caps(gst_pad_get_current_caps(pad));
  GstVideoInfo info;
  if (!caps || !gst_video_info_from_caps(&info, caps.get())) return {};
  return info;
}

bool is_live(GstPad* source) {
  GstQuery* query = gst_query_new_latency();
  gboolean live = FALSE;
  if (gst_pad_query(source, query)) gst_query_parse_latency(query, &live, nullptr, nullptr);
  gst_query_unref(query);
  return live;
}

// Ticks a second in which the times of a constant frame rate are whole, and those of a variable one
// right to a microsecond. GStreamer's muxer counts them in 32 bits: a long video has fewer, one of
// unknown length (0) as few as for half a day.
guint timescale_of(const std::optional<GstVideoInfo>& info, GstClockTime length) {
  constexpr guint fine = 1'000'000, usual = 90'000, coarse = 10'000;
  guint least = usual;
  if (length > 0 && length < 3600 * GST_SECOND) least = fine;
  if (length > 12 * 3600 * GST_SECOND) least = coarse;
  const guint rate = info ? static_cast<guint>(std::max(0, GST_VIDEO_INFO_FPS_N(&*info))) : 0;
  if (rate == 0 || rate >= least) return least;
  return (least + rate - 1) / rate * rate;
}

bool takes(GstElement* encoder, const char* format) {
  const Ptr<GstCaps> caps(gst_pad_query_caps(sink_pad(encoder).get(), nullptr));
  const Ptr<GstCaps> wanted(
      gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING, format, nullptr));
  return gst_caps_can_intersect(caps.get(), wanted.get());
}

void set_caps(GstElement* filter, const char* description) {
  const Ptr<GstCaps> caps(gst_caps_from_string(description));
  g_object_set(filter, "caps", caps.get(), nullptr);
}

GstElement* add_encoder(GstBin* bin, const std::string& description) {
  GError* error = nullptr;
  GstElement* encoder = gst_parse_bin_from_description_full(description.c_str(), TRUE, nullptr,
                                                            GST_PARSE_FLAG_FATAL_ERRORS, &error);
  const Ptr<GError> owned(error);
  if (!encoder) {
    const std::string name = description.substr(0, description.find(' '));
    if (!Ptr<GstElementFactory>(gst_element_factory_find(name.c_str())))
      throw Failure(examples::missing_element(name));
    throw examples::UsageError("--encoder: " + std::string(error->message));
  }
  gst_bin_add(bin, encoder);
  return encoder;
}

}  // namespace

Pipeline::Pipeline(const std::string& uri, const examples::OutputFile& output,
                   const Settings& settings, Notes notes)
    : container_(container_for(output)),
      settings_(settings),
      notes_(std::move(notes)),
      limit_(settings.seconds),
      pipeline_(gst_pipeline_new(nullptr)),
      local_file_(uri.starts_with("file:")),
      gif_(uri.ends_with(".gif") || uri.ends_with(".GIF")) {
  build(uri, output);
}

Pipeline::~Pipeline() { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }

void Pipeline::build(const std::string& uri, const examples::OutputFile& output) {
  GstBin* bin = GST_BIN(pipeline_.get());
  decoder_ = add_element(bin, "uridecodebin");
  video_queue_ = add_element(bin, "queue");
  GstElement* to_supported = add_element(bin, "videoconvert");
  depth_ = add_element(bin, "capsfilter");
  GstElement* upright = add_element(bin, "videoflip");
  GstElement* to_protector = add_element(bin, "videoconvert");
  protector_ = add_element(bin, "faceperturb");
  GstElement* tee = add_element(bin, "tee");
  GstElement* to_encoder = add_element(bin, "videoconvert");
  crop_ = add_element(bin, "videocrop");
  format_ = add_element(bin, "capsfilter");
  encoder_ =
      add_encoder(bin, encoder_description(container_, settings_.encoder, settings_.quality));
  GstElement* encoded = add_unlimited_queue(bin);
  mux_ = add_element(bin, container_.muxer);
  GstElement* sink = add_element(bin, "filesink");

  // Decoders in hardware may give frames that no other element can read.
  const Ptr<GstCaps> caps(gst_caps_from_string(decoder_caps(container_).c_str()));
  g_object_set(decoder_, "uri", uri.c_str(), "force-sw-decoders", TRUE, "caps", caps.get(),
               nullptr);
  // Faces that lie on their side are not found.
  gst_util_set_object_arg(G_OBJECT(upright), "video-direction", "auto");
  // Nobody waits for a file's frames: a face may be found late.
  if (local_file_) g_object_set(protector_, "lookahead", 30, nullptr);
  g_object_set(sink, "location", output.temporary().c_str(), "sync", FALSE, nullptr);

  link_all({video_queue_, to_supported, depth_, upright, to_protector, protector_, tee, to_encoder,
            crop_, format_, encoder_});
  link_all({encoder_, encoded});
  muxed_video_ = link_to_muxer(encoded, mux_, "video", settings_.strip_metadata);
  link_all({mux_, sink});
  if (settings_.preview) add_preview(tee);
  queues_.push_back(video_queue_);

  limit_.watch_video(sink_pad(video_queue_).get());
  gst_pad_add_probe(sink_pad(crop_).get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, make_even, this,
                    nullptr);
  gst_pad_add_probe(sink_pad(video_queue_).get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
                    watch_chapters, this, nullptr);
  const Ptr<GstPad> protected_pad(gst_element_get_static_pad(protector_, "src"));
  gst_pad_add_probe(protected_pad.get(), GST_PAD_PROBE_TYPE_BUFFER, count, this, nullptr);

  gst_pad_add_probe(
      muxed_video_, GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad*, GstPadProbeInfo*, gpointer self) {
        ++static_cast<Pipeline*>(self)->packets_;
        return GST_PAD_PROBE_OK;
      },
      this, nullptr);

  examples::only_video_and_audio(decoder_);
  g_signal_connect(decoder_, "pad-added", G_CALLBACK(+[](GstElement*, GstPad* pad, gpointer self) {
                     static_cast<Pipeline*>(self)->adopt(pad);
                   }),
                   this);
  g_signal_connect(decoder_, "no-more-pads", G_CALLBACK(+[](GstElement*, gpointer self) {
                     static_cast<Pipeline*>(self)->connect();
                   }),
                   this);
}

// Shows frames as they are ready, and leaves out those for which the window is too slow.
void Pipeline::add_preview(GstElement* tee) {
  // Without either some window systems crash when they are tried.
  if (!g_getenv("DISPLAY") && !g_getenv("WAYLAND_DISPLAY"))
    throw Failure("--preview: there is no screen to show it on");
  GstBin* bin = GST_BIN(pipeline_.get());
  GstElement* queue = add_element(bin, "queue");
  GstElement* convert = add_element(bin, "videoconvert");
  GstElement* window = add_element(bin, "autovideosink");
  g_object_set(queue, "max-size-buffers", 2, nullptr);
  gst_util_set_object_arg(G_OBJECT(queue), "leaky", "downstream");
  g_object_set(window, "sync", FALSE, nullptr);
  link_all({tee, queue, convert, window});
  gst_element_set_state(window, GST_STATE_READY);
  // Where there is no screen it takes a sink that shows nothing.
  const Ptr<GstElement> none(gst_bin_get_by_name(GST_BIN(window), "fake-video-sink"));
  if (none) {
    gst_element_set_state(window, GST_STATE_NULL);
    throw Failure("--preview: there is no screen to show it on");
  }
}

// Blocks a stream until connect().
void Pipeline::adopt(GstPad* pad) {
  Ptr<GstCaps> caps(gst_pad_get_current_caps(pad));
  if (!caps) caps.reset(gst_pad_query_caps(pad, nullptr));
  if (!caps || gst_caps_is_any(caps.get()) || gst_caps_is_empty(caps.get()) || connected_) return;
  const gulong block = gst_pad_add_probe(
      pad, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM,
      [](GstPad*, GstPadProbeInfo*, gpointer) { return GST_PAD_PROBE_OK; }, nullptr, nullptr);
  streams_.push_back({Ptr<GstPad>(GST_PAD(gst_object_ref(pad))), std::move(caps), block});
}

void Pipeline::connect() {
  if (connected_) return;
  try {
    const auto video = std::ranges::find_if(
        streams_, [](const Stream& stream) { return stream.has("video/x-raw"); });
    if (video == streams_.end())
      throw Failure(streams_.empty() ? "there is no picture in it"
                                     : "there is sound or text but no picture in it");
    connect_video(*video);
    for (Stream& stream : streams_) {
      if (&stream == &*video) continue;
      if (stream.has("video/x-raw"))
        notes_("only the first of its videos is kept");
      else
        connect_passenger(stream);
    }
    connected_ = true;
  } catch (const std::exception& failure) {
    GST_ELEMENT_ERROR(pipeline_.get(), STREAM, FAILED, ("%s", failure.what()), (nullptr));
    return;  // the streams stay blocked until the pipeline stops
  }
  for (Stream& stream : streams_) gst_pad_remove_probe(stream.pad.get(), stream.block);
}

void Pipeline::connect_video(Stream& stream) {
  const auto info = video_info(stream.pad.get());
  if (info && std::min(info->width, info->height) < smallest_side)
    throw Failure("the picture is " + std::to_string(info->width) + "x" +
                  std::to_string(info->height) + ", smaller than 16x16");
  const bool deep = info && GST_VIDEO_FORMAT_INFO_DEPTH(info->finfo, 0) > 8;
  const bool kept = deep && takes(encoder_, "I420_10LE");
  if (deep && !kept) notes_("the encoder has no 10 bits: the picture has 8 bits now");
  if (kept) set_caps(depth_, "video/x-raw, format=I420_10LE");
  set_caps(format_, kept ? "video/x-raw, format=I420_10LE" : "video/x-raw, format=I420");
  if (g_object_class_find_property(G_OBJECT_GET_CLASS(muxed_video_), "trak-timescale"))
    g_object_set(muxed_video_, "trak-timescale", timescale_of(info, length()), nullptr);
  if (gst_pad_link(stream.pad.get(), sink_pad(video_queue_).get()) != GST_PAD_LINK_OK)
    throw Failure("the picture's format is not supported");
  if (is_live(stream.pad.get())) drop_late_frames();
}

void Pipeline::connect_passenger(Stream& stream) {
  GstBin* bin = GST_BIN(pipeline_.get());
  const bool sound = g_str_has_prefix(
      gst_structure_get_name(gst_caps_get_structure(stream.caps.get(), 0)), "audio/");
  GstElement* first =
      sound ? add_sound(bin, stream.caps.get(), container_, mux_, limit_, notes_,
                        settings_.strip_metadata)
            : add_subtitles(bin, stream.caps.get(), container_, mux_, settings_.strip_metadata);
  queues_.push_back(first);
  GstIterator* elements = gst_bin_iterate_sorted(bin);
  gst_iterator_foreach(
      elements,
      [](const GValue* value, gpointer) {
        gst_element_sync_state_with_parent(GST_ELEMENT(g_value_get_object(value)));
      },
      nullptr);
  gst_iterator_free(elements);
  if (gst_pad_link(stream.pad.get(), sink_pad(first).get()) != GST_PAD_LINK_OK)
    throw Failure(sound ? "the sound's format is not supported"
                        : "the subtitles' format is not supported");
}

GstPadProbeReturn Pipeline::watch_chapters(GstPad*, GstPadProbeInfo* info, gpointer self) {
  const auto& pipeline = *static_cast<Pipeline*>(self);
  if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_TOC &&
      !pipeline.container_.matroska)
    pipeline.notes_("its chapters are left out: only .mkv and .webm keep them");
  return GST_PAD_PROBE_OK;
}

// H.264 in 4:2:0 knows no odd sizes: the last column or row is left out.
GstPadProbeReturn Pipeline::make_even(GstPad*, GstPadProbeInfo* info, gpointer self) {
  GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
  if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS) return GST_PAD_PROBE_OK;
  GstCaps* caps = nullptr;
  gst_event_parse_caps(event, &caps);
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  gint width = 0, height = 0;
  if (gst_structure_get(structure, "width", G_TYPE_INT, &width, "height", G_TYPE_INT, &height,
                        nullptr))
    g_object_set(static_cast<Pipeline*>(self)->crop_, "right", width % 2, "bottom", height % 2,
                 nullptr);
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn Pipeline::count(GstPad*, GstPadProbeInfo* info, gpointer self) {
  auto& pipeline = *static_cast<Pipeline*>(self);
  ++pipeline.frames_;
  pipeline.position_ = GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info));
  return GST_PAD_PROBE_OK;
}

// A live source does not wait: where it is faster than this machine, late frames are dropped before
// they reach the protector.
void Pipeline::drop_late_frames() {
  gst_util_set_object_arg(G_OBJECT(video_queue_), "leaky", "downstream");
  g_object_set(video_queue_, "max-size-buffers", 0, "max-size-bytes", 128U << 20, "max-size-time",
               2 * GST_SECOND, nullptr);
}

bool Pipeline::source_works() const {
  bool works = false;
  GstIterator* elements = gst_bin_iterate_recurse(GST_BIN(decoder_));
  gst_iterator_foreach(
      elements,
      [](const GValue* element, gpointer result) {
        gst_element_foreach_pad(
            GST_ELEMENT(g_value_get_object(element)),
            [](GstElement*, GstPad* pad, gpointer any) -> gboolean {
              GST_OBJECT_LOCK(pad);
              GstTask* task = GST_PAD_TASK(pad);
              if (task && gst_task_get_state(task) == GST_TASK_STARTED)
                *static_cast<bool*>(any) = true;
              GST_OBJECT_UNLOCK(pad);
              return TRUE;
            },
            result);
      },
      &works);
  gst_iterator_free(elements);
  return works;
}

void Pipeline::end_source() {
  limit_.cut_audio();
  gst_element_send_event(decoder_, gst_event_new_eos());
}

bool Pipeline::plays() const {
  GstState state = GST_STATE_NULL;
  gst_element_get_state(pipeline_.get(), &state, nullptr, 0);
  return state == GST_STATE_PLAYING;
}

void Pipeline::end_streams() {
  for (GstElement* queue : queues_) gst_pad_send_event(sink_pad(queue).get(), gst_event_new_eos());
}

// Of what is to be written; 0 where that is not known.
GstClockTime Pipeline::length() const {
  gint64 duration = 0;
  if (!gst_element_query_duration(decoder_, GST_FORMAT_TIME, &duration) || duration < 0)
    duration = 0;
  const auto known = static_cast<GstClockTime>(duration);
  if (limit_.length() == 0) return known;
  return known > 0 ? std::min(known, limit_.length()) : limit_.length();
}

std::optional<double> Pipeline::done() const {
  const GstClockTime whole = length();
  if (whole == 0) return {};
  return static_cast<double>(position_) / static_cast<double>(whole);
}

}  // namespace protect
