// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera.h"

#include <gst/video/video.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "common/elements.h"
#include "common/failure.h"

namespace relay {

using examples::add_element;
using examples::Failure;
using examples::Ptr;

namespace {

constexpr std::chrono::seconds first_wait{1}, longest_wait{30};
constexpr guint most_waiting = 10;  // frames
constexpr int hold_milliseconds = 2000;
// A connection that gave pictures for so long was a good one: the next wait is short again.
constexpr std::chrono::seconds good_connection{10};

bool has_property(GstElement* element, const char* name) {
  return g_object_class_find_property(G_OBJECT_GET_CLASS(element), name) != nullptr;
}

Ptr<GstPad> static_pad(GstElement* element, const char* name) {
  return Ptr<GstPad>(gst_element_get_static_pad(element, name));
}

// Streams beside the video would be received for nothing.
gboolean select_video(GstElement*, guint, GstCaps* caps, gpointer) {
  const gchar* media = gst_structure_get_string(gst_caps_get_structure(caps, 0), "media");
  return g_strcmp0(media, "video") == 0;
}

using Stats = decltype(Counts::stats);

// Adds what the element has counted since the source was opened.
void add_stats(GstElement* protector, Stats& stats) {
  GstStructure* structure = nullptr;
  g_object_get(protector, "stats", &structure, nullptr);
  const Ptr<GstStructure> owned(structure);
  for (std::size_t i = 0; i < stats.size(); ++i) {
    guint64 value = 0;
    gst_structure_get_uint64(structure, stat_names[i], &value);
    stats[i] += value;
  }
}

}  // namespace

Camera::Camera(CameraConfig config)
    : config_(std::move(config)),
      feed_(config_.size, config_.black_after),
      pipeline_(gst_pipeline_new(nullptr)) {
  try {
    build();
    load_models();
  } catch (const Failure& failure) {
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
    throw Failure("camera " + config_.name + ": " + failure.what());
  }
}

Camera::~Camera() {
  stop();
  if (thread_.joinable()) thread_.join();
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

void Camera::build() {
  GstBin* bin = GST_BIN(pipeline_.get());
  queue_ = add_element(bin, "queue");
  GstElement* to_supported = add_element(bin, "videoconvert");
  protector_ = add_element(bin, "faceperturb");
  GstElement* to_served = add_element(bin, "videoconvert");
  GstElement* scale = add_element(bin, "videoscale");
  filter_ = add_element(bin, "capsfilter");
  sink_ = add_element(bin, "appsink");
  examples::link_all({queue_, to_supported, protector_, to_served, scale, filter_, sink_});

  // Cameras give frames in their time: what arrives faster than it is protected is dropped before
  // that, so delay is bounded. A file waits, and is shown at its own pace.
  const bool live = !config_.source.starts_with("file:");
  g_object_set(queue_, "max-size-buffers", 2 * most_waiting, "max-size-bytes", 0, "max-size-time",
               guint64{0}, nullptr);
  if (live)
    gst_pad_add_probe(static_pad(queue_, "sink").get(), GST_PAD_PROBE_TYPE_BUFFER, on_arrival, this,
                      nullptr);
  g_object_set(scale, "add-borders", TRUE, nullptr);
  g_object_set(sink_, "sync", !live, "qos", FALSE, "max-buffers", 1, "drop", TRUE,
               "enable-last-sample", FALSE, nullptr);
  // Cameras are slow: detectors may need longer than the element's default to see a face again, and
  // until then it must not be given up.
  g_object_set(protector_, "hold", hold_milliseconds, nullptr);
  if (!config_.preset.empty() &&
      !gst_preset_load_preset(GST_PRESET(protector_), config_.preset.c_str()))
    throw Failure("faceperturb has no preset '" + config_.preset + "'");
  for (const auto& [name, value] : config_.protector)
    examples::set_property(protector_, name, value);

  gst_pad_add_probe(static_pad(to_served, "sink").get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
                    on_size, this, nullptr);
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = on_frame;
  gst_app_sink_set_callbacks(GST_APP_SINK(sink_), &callbacks, this, nullptr);
}

// The pipeline then stays READY: models are loaded once, and what is missing is said at once.
void Camera::load_models() {
  examples::first_installed({"uridecodebin"});
  if (gst_element_set_state(pipeline_.get(), GST_STATE_READY) != GST_STATE_CHANGE_FAILURE) return;
  const Ptr<GstBus> bus(gst_element_get_bus(pipeline_.get()));
  const Ptr<GstMessage> message(gst_bus_pop_filtered(bus.get(), GST_MESSAGE_ERROR));
  throw Failure(message ? examples::error_text(message.get()) : "its pipeline cannot start");
}

void Camera::start() {
  thread_ = std::thread([this] { run(); });
}

void Camera::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
}

bool Camera::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void Camera::say(const std::string& text) const {
  std::fprintf(stderr, "camera %s: %s\n", config_.name.c_str(), text.c_str());
}

void Camera::run() {
  auto wait = first_wait;
  for (;;) {
    const auto opened = Clock::now();
    std::string end;
    try {
      open_source();
      end = play();
    } catch (const Failure& failure) {
      end = failure.what();
    }
    feed_.go_black();
    close_source();
    std::unique_lock lock(mutex_);
    if (stopping_) return;
    const auto last = Clock::time_point(Clock::duration(last_frame_));
    if (last - opened >= good_connection) wait = first_wait;
    say(end + "; trying again in " + std::to_string(wait.count()) + " s");
    if (wake_.wait_for(lock, wait, [this] { return stopping_; })) return;
    ++past_.reconnects;
    wait = std::min(2 * wait, longest_wait);
  }
}

void Camera::open_source() {
  source_ = add_element(GST_BIN(pipeline_.get()), "uridecodebin");
  // Decoders in hardware may give frames that no other element can read.
  g_object_set(source_, "uri", config_.source.c_str(), "force-sw-decoders", TRUE, nullptr);
  g_signal_connect(source_, "source-setup", G_CALLBACK(on_source), this);
  g_signal_connect(source_, "deep-element-added", G_CALLBACK(on_element), this);
  g_signal_connect(source_, "pad-added", G_CALLBACK(on_pad), this);
  last_frame_ = last_arrival_ = 0;
  fresh_from_ = 0;
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
  const std::lock_guard lock(mutex_);
  playing_ = true;
}

// Returns why the source has ended. LATENCY messages are not answered, so that the protector does
// not know that the stream is live and waits for its detector instead of covering the frame:
// nothing after it waits for a frame's time.
std::string Camera::play() {
  const auto opened = Clock::now();
  const Ptr<GstBus> bus(gst_element_get_bus(pipeline_.get()));
  bool up = false;
  while (!stopping()) {
    const Ptr<GstMessage> message(gst_bus_timed_pop_filtered(
        bus.get(), 100 * GST_MSECOND,
        static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS)));
    if (!std::exchange(up, last_frame_ != 0) && last_frame_ != 0) say("up");
    if (message)
      return GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR
                 ? examples::error_text(message.get())
                 : "the stream has ended";
    if (silent(opened)) return "no picture comes";
  }
  return "stopped";
}

bool Camera::silent(Clock::time_point opened) const {
  const Clock::time_point last(Clock::duration(last_frame_.load()));
  return Clock::now() - std::max(opened, last) >= config_.reconnect_after;
}

void Camera::close_source() {
  gst_element_set_state(pipeline_.get(), GST_STATE_READY);
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(playing_, false)) add_stats(protector_, past_.stats);
  }
  if (!source_) return;
  gst_element_set_state(source_, GST_STATE_NULL);
  gst_bin_remove(GST_BIN(pipeline_.get()), source_);
  source_ = nullptr;
  const Ptr<GstBus> bus(gst_element_get_bus(pipeline_.get()));
  gst_bus_set_flushing(bus.get(), TRUE);  // what is left to say is of the past
  gst_bus_set_flushing(bus.get(), FALSE);
}

void Camera::on_source(GstElement*, GstElement* source, gpointer self) {
  const auto& config = static_cast<Camera*>(self)->config_;
  if (g_signal_lookup("select-stream", G_OBJECT_TYPE(source)))
    g_signal_connect(source, "select-stream", G_CALLBACK(select_video), nullptr);
  if (!has_property(source, "protocols")) return;
  gst_util_set_object_arg(G_OBJECT(source), "protocols", config.protocols.c_str());
  g_object_set(source, "latency", config.latency, "tcp-timeout",
               static_cast<guint64>(std::chrono::microseconds(config.reconnect_after).count()),
               nullptr);
  if (!config.user.empty())
    g_object_set(source, "user-id", config.user.c_str(), "user-pw", config.password.c_str(),
                 nullptr);
}

// What a decoder makes up of damaged data may hide a face from a detector, not from people.
void Camera::on_element(GstBin*, GstBin*, GstElement* element, gpointer) {
  if (has_property(element, "output-corrupt"))
    g_object_set(element, "output-corrupt", FALSE, nullptr);
}

// Takes the first video stream; others are left unconnected.
void Camera::on_pad(GstElement*, GstPad* pad, gpointer self) {
  const Ptr<GstCaps> caps(gst_pad_query_caps(pad, nullptr));
  if (gst_caps_get_size(caps.get()) == 0 ||
      !gst_structure_has_name(gst_caps_get_structure(caps.get(), 0), "video/x-raw"))
    return;
  const Ptr<GstPad> sink = static_pad(static_cast<Camera*>(self)->queue_, "sink");
  if (!gst_pad_is_linked(sink.get())) gst_pad_link(pad, sink.get());
}

// Drops what comes too fast. A queue that leaks would mark what follows as another stream, in which
// no face is known yet: where the machine is too slow, hardly a frame could be checked any more.
GstPadProbeReturn Camera::on_arrival(GstPad*, GstPadProbeInfo* info, gpointer self) {
  auto& camera = *static_cast<Camera*>(self);
  // What the protector still holds from before a silence is no news when it comes out.
  const Clock::time_point now = Clock::now(), last(Clock::duration(camera.last_arrival_));
  if (now - last >= camera.config_.black_after)
    camera.fresh_from_ = GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info));
  camera.last_arrival_ = now.time_since_epoch().count();

  guint waiting = 0;
  g_object_get(camera.queue_, "current-level-buffers", &waiting, nullptr);
  if (waiting < most_waiting) return GST_PAD_PROBE_OK;
  ++camera.late_;
  return GST_PAD_PROBE_DROP;
}

// Before the first frame of a size, so that it is scaled to the one that is served.
GstPadProbeReturn Camera::on_size(GstPad*, GstPadProbeInfo* info, gpointer self) {
  auto& camera = *static_cast<Camera*>(self);
  GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
  if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS) return GST_PAD_PROBE_OK;
  GstCaps* caps = nullptr;
  gst_event_parse_caps(event, &caps);
  GstVideoInfo video;
  if (!gst_video_info_from_caps(&video, caps)) return GST_PAD_PROBE_OK;
  // H.264 in 4:2:0 knows no odd sizes.
  const Size size = camera.feed_.fix_size({std::max(2, GST_VIDEO_INFO_WIDTH(&video) & ~1),
                                           std::max(2, GST_VIDEO_INFO_HEIGHT(&video) & ~1)});
  g_object_set(camera.filter_, "caps", Feed::caps(size).get(), nullptr);
  return GST_PAD_PROBE_OK;
}

GstFlowReturn Camera::on_frame(GstAppSink* sink, gpointer self) {
  auto& camera = *static_cast<Camera*>(self);
  const Ptr<GstSample> sample(gst_app_sink_pull_sample(sink));
  if (!sample) return GST_FLOW_EOS;
  GstBuffer* frame = gst_sample_get_buffer(sample.get());
  if (GST_BUFFER_PTS(frame) < camera.fresh_from_) return GST_FLOW_OK;
  camera.last_frame_ = Clock::now().time_since_epoch().count();
  camera.feed_.show(frame);

  const GstClockTime due = gst_segment_to_running_time(gst_sample_get_segment(sample.get()),
                                                       GST_FORMAT_TIME, GST_BUFFER_PTS(frame));
  const GstClockTime now = gst_element_get_current_running_time(GST_ELEMENT(sink));
  const std::lock_guard lock(camera.mutex_);
  ++camera.past_.shown;
  if (GST_CLOCK_TIME_IS_VALID(due) && GST_CLOCK_TIME_IS_VALID(now) && now > due)
    camera.past_.latency_seconds += static_cast<double>(now - due) / GST_SECOND;
  return GST_FLOW_OK;
}

Counts Camera::counts() const {
  const std::lock_guard lock(mutex_);
  Counts counts = past_;
  if (playing_) add_stats(protector_, counts.stats);
  const Clock::time_point last(Clock::duration(last_frame_.load()));
  counts.up = playing_ && last_frame_ != 0 && Clock::now() - last < config_.black_after;
  counts.late = late_;
  counts.black_frames = feed_.black_frames();
  return counts;
}

}  // namespace relay
