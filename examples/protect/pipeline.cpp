// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipeline.h"

#include <gst/video/video.h>

#include <algorithm>

#include "common/elements.h"
#include "common/failure.h"

namespace protect {

using examples::add_element;
using examples::Failure;
using examples::first_installed;
using examples::link_all;
using examples::Ptr;

namespace {

constexpr int smallest_side = 16;

Container container_for(const examples::OutputFile& output) {
  const std::string suffix = output.suffix();
  if (suffix == ".mkv") return {"matroskamux", first_installed({"opusenc", "vorbisenc"})};
  if (suffix == ".mp4" || suffix == ".m4v" || suffix == ".mov")
    return {suffix == ".mov" ? "qtmux" : "mp4mux",
            first_installed({"avenc_aac", "fdkaacenc", "voaacenc", "faac"})};
  throw Failure("'" + output.path().string() +
                "': the output must end in .mp4, .m4v, .mov or .mkv");
}

// A queue of encoded data holds as much as comes: it is little, and a muxer that waits for one
// stream must not stop the other.
GstElement* add_unlimited_queue(GstBin* bin) {
  GstElement* queue = add_element(bin, "queue");
  g_object_set(queue, "max-size-buffers", 0, "max-size-bytes", 0, "max-size-time", guint64{0},
               nullptr);
  return queue;
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

}  // namespace

Pipeline::Pipeline(const std::string& uri, const examples::OutputFile& output, double seconds)
    : container_(container_for(output)),
      limit_(seconds),
      pipeline_(gst_pipeline_new(nullptr)),
      local_file_(uri.starts_with("file:")) {
  build_video(uri, output);
}

Pipeline::~Pipeline() { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }

void Pipeline::build_video(const std::string& uri, const examples::OutputFile& output) {
  GstBin* bin = GST_BIN(pipeline_.get());
  decoder_ = add_element(bin, "uridecodebin");
  video_queue_ = add_element(bin, "queue");
  GstElement* to_supported = add_element(bin, "videoconvert");
  protector_ = add_element(bin, "faceperturb");
  GstElement* to_i420 = add_element(bin, "videoconvert");
  crop_ = add_element(bin, "videocrop");
  GstElement* filter = add_element(bin, "capsfilter");
  GstElement* encoder = add_element(bin, "x264enc");
  GstElement* encoded = add_unlimited_queue(bin);
  mux_ = add_element(bin, container_.muxer);
  GstElement* sink = add_element(bin, "filesink");

  // Decoders in hardware may give frames that no other element can read.
  g_object_set(decoder_, "uri", uri.c_str(), "force-sw-decoders", TRUE, nullptr);
  // Nobody waits for a file's frames: a face may be found late.
  if (local_file_) g_object_set(protector_, "lookahead", 30, nullptr);
  gst_util_set_object_arg(G_OBJECT(encoder), "speed-preset", "veryfast");
  gst_util_set_object_arg(G_OBJECT(encoder), "pass", "qual");
  g_object_set(encoder, "quantizer", 20, nullptr);
  const Ptr<GstCaps> i420(gst_caps_from_string("video/x-raw, format=I420"));
  g_object_set(filter, "caps", i420.get(), nullptr);
  g_object_set(sink, "location", output.temporary().c_str(), "sync", FALSE, nullptr);

  link_all({video_queue_, to_supported, protector_, to_i420, crop_, filter, encoder, encoded, mux_,
            sink});

  limit_.watch_video(sink_pad(video_queue_).get());
  gst_pad_add_probe(sink_pad(crop_).get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, make_even, this,
                    nullptr);
  const Ptr<GstPad> protected_pad(gst_element_get_static_pad(protector_, "src"));
  gst_pad_add_probe(protected_pad.get(), GST_PAD_PROBE_TYPE_BUFFER, count, this, nullptr);

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

void Pipeline::build_audio() {
  GstBin* bin = GST_BIN(pipeline_.get());
  audio_queue_ = add_element(bin, "queue");
  GstElement* convert = add_element(bin, "audioconvert");
  GstElement* resample = add_element(bin, "audioresample");
  GstElement* encoder = add_element(bin, container_.audio_encoder);
  GstElement* encoded = add_unlimited_queue(bin);
  link_all({audio_queue_, convert, resample, encoder, encoded, mux_});
  limit_.watch_audio(sink_pad(audio_queue_).get());
  const Ptr<GstPad> to_mux(gst_element_get_static_pad(encoded, "src"));
  limit_.watch_encoded_audio(to_mux.get());
  for (GstElement* element : {encoded, encoder, resample, convert, audio_queue_})
    gst_element_sync_state_with_parent(element);
}

// Takes the first video and the first audio stream; others are left unconnected.
void Pipeline::adopt(GstPad* pad) {
  Ptr<GstCaps> caps(gst_pad_get_current_caps(pad));
  if (!caps) caps.reset(gst_pad_query_caps(pad, nullptr));
  if (!caps || gst_caps_is_any(caps.get()) || gst_caps_is_empty(caps.get())) return;
  const GstStructure* kind = gst_caps_get_structure(caps.get(), 0);
  Stream* stream = nullptr;
  if (gst_structure_has_name(kind, "video/x-raw")) stream = &video_;
  if (gst_structure_has_name(kind, "audio/x-raw")) stream = &audio_;
  if (!stream || stream->pad || connected_) return;
  stream->pad.reset(GST_PAD(gst_object_ref(pad)));
  stream->block = gst_pad_add_probe(
      pad, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM,
      [](GstPad*, GstPadProbeInfo*, gpointer) { return GST_PAD_PROBE_OK; }, nullptr, nullptr);
}

void Pipeline::connect() {
  if (connected_) return;
  try {
    if (!video_.pad)
      throw Failure(audio_.pad ? "there is sound but no picture in it"
                               : "there is no picture in it");
    const auto info = video_info(video_.pad.get());
    if (info && std::min(info->width, info->height) < smallest_side)
      throw Failure("the picture is " + std::to_string(info->width) + "x" +
                    std::to_string(info->height) + ", smaller than 16x16");
    if (gst_pad_link(video_.pad.get(), sink_pad(video_queue_).get()) != GST_PAD_LINK_OK)
      throw Failure("the picture's format is not supported");
    if (audio_.pad) {
      build_audio();
      if (gst_pad_link(audio_.pad.get(), sink_pad(audio_queue_).get()) != GST_PAD_LINK_OK)
        throw Failure("the sound's format is not supported");
    }
    if (is_live(video_.pad.get())) drop_late_frames();
    connected_ = true;
  } catch (const Failure& failure) {
    GST_ELEMENT_ERROR(pipeline_.get(), STREAM, FAILED, ("%s", failure.what()), (nullptr));
    return;  // the streams stay blocked until the pipeline stops
  }
  for (Stream* stream : {&video_, &audio_})
    if (stream->pad) gst_pad_remove_probe(stream->pad.get(), stream->block);
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

void Pipeline::end_source() {
  limit_.cut_audio();
  gst_element_send_event(decoder_, gst_event_new_eos());
}

void Pipeline::end_streams() {
  for (GstElement* queue : {video_queue_, audio_queue_})
    if (queue) gst_pad_send_event(sink_pad(queue).get(), gst_event_new_eos());
}

std::optional<double> Pipeline::done() const {
  gint64 duration = -1;
  if (!gst_element_query_duration(decoder_, GST_FORMAT_TIME, &duration)) duration = -1;
  if (limit_.length() > 0) {
    const auto length = static_cast<gint64>(limit_.length());
    duration = duration > 0 ? std::min(duration, length) : length;
  }
  if (duration <= 0) return {};
  return static_cast<double>(position_) / static_cast<double>(duration);
}

}  // namespace protect
