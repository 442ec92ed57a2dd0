// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-faceperturb
 * @title: faceperturb
 * @short_description: makes faces in raw video unrecognisable, in place
 *
 * Finds every face of every frame and rearranges the pixels of its eyes, nose and mouth. Every
 * #GstFacePerturb:detect-interval frames a detector looks, in a thread of its own; between them
 * faces are tracked. Frames wait for #GstFacePerturb:lookahead more, so that a face is protected
 * also in the frames before the one in which it was found; that is the latency the element reports.
 * A frame that could not be checked is covered, dropped, or ends the stream with an error, as
 * #GstFacePerturb:on-unchecked says.
 *
 * The element needs a landmark model: on Debian, `apt install libdlib-data`.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=in.mp4 ! decodebin ! videoconvert ! faceperturb ! videoconvert !
 * x264enc ! mp4mux ! filesink location=out.mp4
 * ]| Protects the picture of a file.
 */

#include "gstfaceperturb.h"

#include <gst/video/video.h>

#include <array>
#include <atomic>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "faces_meta.h"
#include "options.h"

GST_DEBUG_CATEGORY_STATIC(face_perturb_debug);
#define GST_CAT_DEFAULT face_perturb_debug

namespace fp = faceperturb;
using std::chrono::nanoseconds;

namespace {

constexpr guint PROP_STATS = fp::other_properties;
constexpr nanoseconds unknown_frame_duration{GST_SECOND / 25};  // where caps have no frame rate

struct Stats {
  guint64 frames = 0;
  guint64 faces = 0;
  guint64 checked = 0;
  guint64 held = 0;
  guint64 covered = 0;
  guint64 dropped = 0;
  fp::Lookahead::Times worker;
  nanoseconds perturb{};
};

// A frame that waits for its verdict, and the events that came before it.
struct Waiting {
  std::vector<GstEvent*> events;
  GstBuffer* buffer;
};

}  // namespace

// The C++ side of the element: GObject zero-fills its instances, so they hold only a pointer to it.
struct FacePerturb {
  // Under the mutex. (Not the object lock: sanitizers see through this one.)
  std::mutex mutex;
  fp::Options options;
  Stats stats;

  // Made and destroyed while no frame flows.
  std::unique_ptr<fp::Lookahead> lookahead;
  std::unique_ptr<fp::Protector> protector;
  bool upstream = false;  // faces come as metadata: `lookahead` has no detector

  // Of the streaming thread.
  GstVideoInfo info{};
  const fp::FormatInfo* format = nullptr;
  fp::LumaReader luma;
  std::deque<Waiting> waiting;
  std::vector<GstEvent*> events;  // that came after the newest frame that waits
  nanoseconds time{};             // of the newest frame: grows, whatever timestamps do

  std::atomic<int> depth = 0;  // frames held back
  std::atomic<GstClockTime> frame_duration = unknown_frame_duration.count();
  std::atomic<bool> live = false;
};

struct _GstFacePerturb {
  GstBaseTransform parent;
  FacePerturb* self;
};

G_DEFINE_TYPE_WITH_CODE(GstFacePerturb, gst_face_perturb, GST_TYPE_BASE_TRANSFORM,
                        GST_DEBUG_CATEGORY_INIT(face_perturb_debug, "faceperturb", 0,
                                                "face perturbation"))
GST_ELEMENT_REGISTER_DEFINE(faceperturb, "faceperturb", GST_RANK_NONE, GST_TYPE_FACE_PERTURB)

namespace {

GstBaseTransformClass* parent_class() {
  return GST_BASE_TRANSFORM_CLASS(gst_face_perturb_parent_class);
}

fp::Options options_of(GstFacePerturb* element) {
  const std::lock_guard lock(element->self->mutex);
  return element->self->options;
}

// --- Properties --------------------------------------------------------------------------------

GstStructure* stats_structure(const Stats& stats) {
  const auto ns = [](nanoseconds time) { return static_cast<guint64>(time.count()); };
  return gst_structure_new(
      "faceperturb-stats", "frames", G_TYPE_UINT64, stats.frames, "faces", G_TYPE_UINT64,
      stats.faces, "checked", G_TYPE_UINT64, stats.checked, "held", G_TYPE_UINT64, stats.held,
      "covered", G_TYPE_UINT64, stats.covered, "dropped", G_TYPE_UINT64, stats.dropped,
      "detect-time", G_TYPE_UINT64, ns(stats.worker.detect), "track-time", G_TYPE_UINT64,
      ns(stats.worker.track), "perturb-time", G_TYPE_UINT64, ns(stats.perturb), nullptr);
}

void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  FacePerturb& self = *GST_FACE_PERTURB(object)->self;
  const std::lock_guard lock(self.mutex);
  if (!fp::set_option(self.options, id, value)) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  FacePerturb& self = *GST_FACE_PERTURB(object)->self;
  const std::lock_guard lock(self.mutex);
  if (id == PROP_STATS)
    g_value_take_boxed(value, stats_structure(self.stats));
  else if (!fp::get_option(self.options, id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

// --- State -------------------------------------------------------------------------------------

// Loads what frames need; posts an error and returns false where something is missing.
bool open(GstFacePerturb* element) {
  FacePerturb& self = *element->self;
  const fp::Options options = options_of(element);
  const char* property = "landmark-model";
  const char* remedy =
      "Set landmark-model to dlib's shape_predictor_68_face_landmarks.dat; on Debian the package "
      "libdlib-data has it.";
  try {
    fp::LandmarkPredictor landmarks(options.landmark_model);
    const bool net = options.detector == fp::DetectorKind::dnn || !options.detector_model.empty();
    property = net ? "detector-model" : "detector";
    remedy =
        net ? "Set detector-model to a Darknet YOLO .cfg (with its .weights beside it), a YuNet "
              "or RFB .onnx or a dlib MMOD .dat of faces, or choose another detector."
            : "Install Debian's package opencv-data, or choose another detector.";
    self.lookahead = std::make_unique<fp::Lookahead>(
        fp::detector_info(options.detector).make(options.detector_model), std::move(landmarks),
        options.guard);
    self.protector = std::make_unique<fp::Protector>();
    self.upstream = options.detector == fp::DetectorKind::upstream;
    return true;
  } catch (const fp::ModelError& error) {
    GST_ELEMENT_ERROR(element, RESOURCE, OPEN_READ, ("%s: %s", property, error.what()),
                      ("%s", remedy));
  } catch (const std::exception& error) {
    GST_ELEMENT_ERROR(element, LIBRARY, INIT, ("The face detector cannot be prepared."),
                      ("%s", error.what()));
  }
  return false;
}

void close(GstFacePerturb* element) {
  element->self->lookahead.reset();
  element->self->protector.reset();
}

GstStateChangeReturn change_state(GstElement* element, GstStateChange transition) {
  auto* object = GST_FACE_PERTURB(element);
  if (transition == GST_STATE_CHANGE_NULL_TO_READY && !open(object))
    return GST_STATE_CHANGE_FAILURE;
  const auto result =
      GST_ELEMENT_CLASS(gst_face_perturb_parent_class)->change_state(element, transition);
  if (transition == GST_STATE_CHANGE_READY_TO_NULL) close(object);
  return result;
}

// Throws away what waits.
void discard(FacePerturb& self) {
  for (const Waiting& waiting : self.waiting) {
    for (GstEvent* event : waiting.events) gst_event_unref(event);
    gst_buffer_unref(waiting.buffer);
  }
  self.waiting.clear();
  for (GstEvent* event : self.events) gst_event_unref(event);
  self.events.clear();
  if (self.lookahead) self.lookahead->reset();
}

gboolean start(GstBaseTransform* base) {
  auto* element = GST_FACE_PERTURB(base);
  FacePerturb& self = *element->self;
  self.lookahead->reset(options_of(element).guard);
  self.depth = self.lookahead->options().lookahead;
  self.format = nullptr;
  self.live = false;
  const std::lock_guard lock(self.mutex);
  self.stats = {};
  return TRUE;
}

gboolean stop(GstBaseTransform* base) {
  discard(*GST_FACE_PERTURB(base)->self);
  return TRUE;
}

gboolean set_caps(GstBaseTransform* base, GstCaps* caps, GstCaps*) {
  FacePerturb& self = *GST_FACE_PERTURB(base)->self;
  self.format = nullptr;
  if (!gst_video_info_from_caps(&self.info, caps)) return FALSE;
  self.format = fp::find_format(gst_video_format_to_string(GST_VIDEO_INFO_FORMAT(&self.info)));

  const int rate = GST_VIDEO_INFO_FPS_N(&self.info);
  const GstClockTime duration =
      rate > 0 ? gst_util_uint64_scale_int(GST_SECOND, GST_VIDEO_INFO_FPS_D(&self.info), rate)
               : static_cast<GstClockTime>(unknown_frame_duration.count());
  if (self.frame_duration.exchange(duration) != duration && self.depth > 0)
    gst_element_post_message(GST_ELEMENT(base), gst_message_new_latency(GST_OBJECT(base)));
  return self.format != nullptr;
}

// --- Frames in ---------------------------------------------------------------------------------

GstFlowReturn unusable(GstFacePerturb* element, GstBuffer* buffer) {
  const FacePerturb& self = *element->self;
  GST_ELEMENT_ERROR(
      element, STREAM, FORMAT, ("A video frame cannot be read or written."),
      ("%" GST_PTR_FORMAT " does not hold a writable frame of %dx%d %s", static_cast<void*>(buffer),
       self.info.width, self.info.height, self.format->name.data()));
  return GST_FLOW_ERROR;
}

// The mapped frame as the library sees it, if it lies wholly in the buffer's memory: GStreamer does
// not check that where a GstVideoMeta says where the planes are.
std::optional<fp::Frame> frame_of(const GstVideoFrame& mapped, const fp::FormatInfo* format) {
  fp::Frame frame{format, GST_VIDEO_FRAME_WIDTH(&mapped), GST_VIDEO_FRAME_HEIGHT(&mapped), {}};
  std::array<std::span<const std::uint8_t>, 3> memory;
  for (guint p = 0; p < GST_VIDEO_FRAME_N_PLANES(&mapped); ++p) {
    frame.planes[p] = {static_cast<guint8*>(GST_VIDEO_FRAME_PLANE_DATA(&mapped, p)),
                       GST_VIDEO_FRAME_PLANE_STRIDE(&mapped, p)};
    const GstMapInfo& map = mapped.map[mapped.meta ? p : 0];
    memory[p] = {map.data, map.size};
  }
  if (!fp::fits(frame, memory)) return {};
  return frame;
}

GstFlowReturn drain(GstFacePerturb* element);

GstFlowReturn take(GstFacePerturb* element, GstBuffer* buffer) {
  FacePerturb& self = *element->self;
  GstVideoFrame mapped;
  const bool readable = gst_video_frame_map(&mapped, &self.info, buffer, GST_MAP_READ);
  const auto frame = readable ? frame_of(mapped, self.format) : std::nullopt;
  if (!frame) {
    if (readable) gst_video_frame_unmap(&mapped);
    unusable(element, buffer);
    gst_buffer_unref(buffer);
    return GST_FLOW_ERROR;
  }
  const nanoseconds next = self.time + nanoseconds(self.frame_duration);
  const nanoseconds stamp(GST_BUFFER_PTS_IS_VALID(buffer) ? GST_BUFFER_PTS(buffer) : 0);
  self.time = stamp > self.time ? stamp : next;

  const fp::Options options = options_of(element);
  try {
    std::optional<std::vector<fp::Detection>> found;
    if (self.upstream) found = fp::attached_faces(buffer);
    self.lookahead->push(self.luma.read(*frame), self.time,
                         options.min_face_size > 0
                             ? options.min_face_size
                             : fp::default_min_face_size(frame->width, frame->height),
                         std::move(found));
  } catch (const std::exception& error) {
    gst_video_frame_unmap(&mapped);
    gst_buffer_unref(buffer);
    GST_ELEMENT_ERROR(element, STREAM, FAILED, ("A video frame cannot be looked at."),
                      ("%s", error.what()));
    return GST_FLOW_ERROR;
  }
  gst_video_frame_unmap(&mapped);
  self.waiting.push_back({std::move(self.events), buffer});
  self.events.clear();
  return GST_FLOW_OK;
}

GstFlowReturn submit_input_buffer(GstBaseTransform* base, gboolean is_discont, GstBuffer* input) {
  auto* element = GST_FACE_PERTURB(base);
  FacePerturb& self = *element->self;
  // Negotiates, and drops what is late: such a frame is not looked at and does not leave.
  GstFlowReturn flow = parent_class()->submit_input_buffer(base, is_discont, input);
  GstBuffer* buffer = std::exchange(base->queued_buf, nullptr);
  if (flow != GST_FLOW_OK || !buffer) return flow;
  if (!self.lookahead || !self.format) {
    gst_buffer_unref(buffer);
    return GST_FLOW_NOT_NEGOTIATED;
  }
  // What was tracked says nothing of what comes. (is_discont stays set until something went out.)
  if (GST_BUFFER_IS_DISCONT(buffer) && !self.waiting.empty()) {
    flow = drain(element);
    self.lookahead->reset();
    if (flow != GST_FLOW_OK) {
      gst_buffer_unref(buffer);
      return flow;
    }
  }
  return take(element, buffer);
}

// --- Frames out --------------------------------------------------------------------------------

void count(GstFacePerturb* element, const fp::Verdict& verdict, const fp::Options& options,
           nanoseconds perturb_time) {
  FacePerturb& self = *element->self;
  const auto worker = self.lookahead->times();
  const std::lock_guard lock(self.mutex);
  Stats& stats = self.stats;
  ++stats.frames;
  stats.faces += verdict.faces.size();
  if (verdict.state == fp::FrameState::covered)
    ++(options.on_unchecked == fp::OnUnchecked::cover ? stats.covered : stats.dropped);
  else
    ++(verdict.state == fp::FrameState::held ? stats.held : stats.checked);
  stats.worker = worker;
  stats.perturb += perturb_time;
}

// Protects the oldest frame that waits. GST_BASE_TRANSFORM_FLOW_DROPPED: it shall not leave.
// GstVideoFilter would let a buffer that it cannot map go on as it is. Here that is an error.
GstFlowReturn release(GstFacePerturb* element, GstBuffer** output) {
  FacePerturb& self = *element->self;
  auto* base = GST_BASE_TRANSFORM(element);
  const Waiting next = std::move(self.waiting.front());
  self.waiting.pop_front();
  for (GstEvent* event : next.events) gst_pad_push_event(base->srcpad, event);

  // A live stream does not wait for a worker that falls behind.
  std::optional<fp::Lookahead::Clock::time_point> deadline;
  if (self.live) deadline = fp::Lookahead::Clock::now() + nanoseconds(self.frame_duration) / 2;
  fp::Verdict verdict = self.lookahead->pop(deadline);

  GstBuffer* buffer = gst_buffer_make_writable(next.buffer);
  const GstClockTime time =
      gst_segment_to_stream_time(&base->segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
  if (GST_CLOCK_TIME_IS_VALID(time)) gst_object_sync_values(GST_OBJECT(element), time);
  const fp::Options options = options_of(element);

  GstVideoFrame mapped;
  const bool writable = gst_video_frame_map(&mapped, &self.info, buffer, GST_MAP_READWRITE);
  const auto frame = writable ? frame_of(mapped, self.format) : std::nullopt;
  if (!frame) {
    if (writable) gst_video_frame_unmap(&mapped);
    unusable(element, buffer);
    gst_buffer_unref(buffer);
    return GST_FLOW_ERROR;
  }
  const auto before = fp::Lookahead::Clock::now();
  self.protector->protect(*frame, verdict, options.frame);
  count(element, verdict, options, fp::Lookahead::Clock::now() - before);
  const GstVideoInfo info = mapped.info;
  gst_video_frame_unmap(&mapped);

  if (verdict.state == fp::FrameState::covered) {
    GST_WARNING_OBJECT(element, "unchecked frame: %s", verdict.fault.c_str());
    if (options.on_unchecked != fp::OnUnchecked::cover) {
      gst_buffer_unref(buffer);
      if (options.on_unchecked == fp::OnUnchecked::drop) return GST_BASE_TRANSFORM_FLOW_DROPPED;
      GST_ELEMENT_ERROR(element, STREAM, FAILED, ("A frame could not be checked for faces."),
                        ("%s", verdict.fault.c_str()));
      return GST_FLOW_ERROR;
    }
  }
  if (options.attach_meta) fp::attach_faces(buffer, verdict, info);
  if (options.post_messages)
    gst_element_post_message(GST_ELEMENT(element), fp::faces_message(GST_ELEMENT(element), buffer,
                                                                     verdict, info, base->segment));
  *output = buffer;
  return GST_FLOW_OK;
}

GstFlowReturn generate_output(GstBaseTransform* base, GstBuffer** output) {
  auto* element = GST_FACE_PERTURB(base);
  *output = nullptr;
  if (element->self->waiting.size() <= static_cast<std::size_t>(element->self->depth))
    return GST_FLOW_OK;
  return release(element, output);
}

// Sends everything that waits: no more frames come to look ahead at.
GstFlowReturn drain(GstFacePerturb* element) {
  FacePerturb& self = *element->self;
  GstPad* pad = GST_BASE_TRANSFORM_SRC_PAD(element);
  if (self.lookahead) self.lookahead->finish();
  GstFlowReturn flow = GST_FLOW_OK;
  while (flow == GST_FLOW_OK && !self.waiting.empty()) {
    GstBuffer* buffer = nullptr;
    flow = release(element, &buffer);
    if (flow == GST_BASE_TRANSFORM_FLOW_DROPPED)
      flow = GST_FLOW_OK;
    else if (flow == GST_FLOW_OK)
      flow = gst_pad_push(pad, buffer);
  }
  for (GstEvent* event : std::exchange(self.events, {})) gst_pad_push_event(pad, event);
  if (flow != GST_FLOW_OK) discard(self);
  return flow;
}

// --- Events and queries ------------------------------------------------------------------------

gboolean sink_event(GstBaseTransform* base, GstEvent* event) {
  auto* element = GST_FACE_PERTURB(base);
  FacePerturb& self = *element->self;
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_FLUSH_STOP:
      discard(self);
      break;
    case GST_EVENT_STREAM_START:
    case GST_EVENT_CAPS:
    case GST_EVENT_SEGMENT:
    case GST_EVENT_GAP:
    case GST_EVENT_EOS:
      drain(element);
      break;
    default:  // anything else in the stream keeps its place between the frames
      if ((int{GST_EVENT_TYPE(event)} & GST_EVENT_TYPE_SERIALIZED) && !self.waiting.empty()) {
        self.events.push_back(event);
        return TRUE;
      }
  }
  const auto type = GST_EVENT_TYPE(event);
  const gboolean handled = parent_class()->sink_event(base, event);
  // Positions in the next stream say nothing of those in this one.
  if ((type == GST_EVENT_CAPS || type == GST_EVENT_SEGMENT) && self.lookahead)
    self.lookahead->reset();
  return handled;
}

gboolean query(GstBaseTransform* base, GstPadDirection direction, GstQuery* query) {
  FacePerturb& self = *GST_FACE_PERTURB(base)->self;
  if (direction != GST_PAD_SRC || GST_QUERY_TYPE(query) != GST_QUERY_LATENCY)
    return parent_class()->query(base, direction, query);
  if (!gst_pad_peer_query(base->sinkpad, query)) return FALSE;
  gboolean live;
  GstClockTime least, most;
  gst_query_parse_latency(query, &live, &least, &most);
  self.live = live;
  // The frames held back, and what a live stream waits for the worker at most.
  const GstClockTime frame = self.frame_duration;
  const GstClockTime own = static_cast<GstClockTime>(self.depth) * frame + frame / 2;
  gst_query_set_latency(query, live, least + own,
                        GST_CLOCK_TIME_IS_VALID(most) ? most + own : GST_CLOCK_TIME_NONE);
  return TRUE;
}

// The frames that wait come out of somebody's pool: it must have more of them.
gboolean propose_allocation(GstBaseTransform* base, GstQuery* decide, GstQuery* query) {
  const gboolean result = parent_class()->propose_allocation(base, decide, query);
  const auto more = static_cast<guint>(GST_FACE_PERTURB(base)->self->depth);
  for (guint i = 0; i < gst_query_get_n_allocation_pools(query); ++i) {
    GstBufferPool* pool;
    guint size, least, most;
    gst_query_parse_nth_allocation_pool(query, i, &pool, &size, &least, &most);
    gst_query_set_nth_allocation_pool(query, i, pool, size, least + more, most ? most + more : 0);
    if (pool) gst_object_unref(pool);
  }
  return result;
}

void finalize(GObject* object) {
  delete GST_FACE_PERTURB(object)->self;
  G_OBJECT_CLASS(gst_face_perturb_parent_class)->finalize(object);
}

GstPadTemplate* pad_template(const gchar* name, GstPadDirection direction) {
  GValue names = G_VALUE_INIT;
  g_value_init(&names, GST_TYPE_LIST);
  for (const auto& entry : fp::formats()) {
    GValue item = G_VALUE_INIT;
    g_value_init(&item, G_TYPE_STRING);
    g_value_set_static_string(&item, entry.name.data());
    gst_value_list_append_and_take_value(&names, &item);
  }
  GstCaps* caps = gst_caps_new_simple("video/x-raw", "width", GST_TYPE_INT_RANGE, 16, 32767,
                                      "height", GST_TYPE_INT_RANGE, 16, 32767, "framerate",
                                      GST_TYPE_FRACTION_RANGE, 0, 1, G_MAXINT, 1, nullptr);
  gst_caps_set_value(caps, "format", &names);
  g_value_unset(&names);
  GstPadTemplate* result = gst_pad_template_new(name, direction, GST_PAD_ALWAYS, caps);
  gst_caps_unref(caps);
  return result;
}

}  // namespace

static void gst_face_perturb_class_init(GstFacePerturbClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  fp::install_options(object_class);
  g_object_class_install_property(
      object_class, PROP_STATS,
      g_param_spec_boxed("stats", "Statistics",
                         "Counts since READY to PAUSED: frames, faces, and frames checked, held, "
                         "covered, dropped; times in nanoseconds",
                         GST_TYPE_STRUCTURE,
                         static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));

  auto* element_class = GST_ELEMENT_CLASS(klass);
  element_class->change_state = change_state;
  gst_element_class_set_static_metadata(
      element_class, "Face perturbation", "Filter/Effect/Video",
      "Finds every face and rearranges its pixels in place, so that it no longer shows whose it is",
      "The faceperturb developers");
  gst_element_class_add_pad_template(element_class, pad_template("sink", GST_PAD_SINK));
  gst_element_class_add_pad_template(element_class, pad_template("src", GST_PAD_SRC));
  for (const GType type :
       {fp::method_type(), fp::regions_type(), fp::detector_type(), fp::on_unchecked_type()})
    gst_type_mark_as_plugin_api(type, static_cast<GstPluginAPIFlags>(0));

  auto* base_class = GST_BASE_TRANSFORM_CLASS(klass);
  base_class->start = start;
  base_class->stop = stop;
  base_class->set_caps = set_caps;
  base_class->submit_input_buffer = submit_input_buffer;
  base_class->generate_output = generate_output;
  base_class->sink_event = sink_event;
  base_class->query = query;
  base_class->propose_allocation = propose_allocation;
}

static void gst_face_perturb_init(GstFacePerturb* element) {
  element->self = new FacePerturb;
  gst_base_transform_set_in_place(GST_BASE_TRANSFORM(element), TRUE);
  // Late frames are dropped by the base class before any work, never passed on unchanged.
  gst_base_transform_set_qos_enabled(GST_BASE_TRANSFORM(element), TRUE);
}
