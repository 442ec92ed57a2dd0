// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-faceperturb
 * @title: faceperturb
 * @short_description: makes faces in raw video unrecognisable, in place
 *
 * Finds every face of every frame and rearranges the pixels of its eyes, nose and mouth. Every
 * #GstFacePerturb:detect-interval frames a detector looks, in threads that all these elements of a
 * process share; between them faces are tracked. Frames wait for #GstFacePerturb:lookahead more, so
 * that a face is protected also in the frames before the one in which it was found; that is the
 * latency the element reports.
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

#include <exception>
#include <memory>
#include <mutex>
#include <utility>

#include "frame_queue.h"
#include "options.h"
#include "raw_video.h"
#include "recording.h"
#include "tags.h"

GST_DEBUG_CATEGORY(face_perturb_debug);
#define GST_CAT_DEFAULT face_perturb_debug

namespace fp = faceperturb;

namespace {

constexpr guint PROP_STATS = fp::other_properties;
constexpr GstClockTime unknown_frame_duration = GST_SECOND / 25;  // where caps have no frame rate

}  // namespace

// The C++ side of the element: GObject zero-fills its instances, so they hold only a pointer to it.
struct FacePerturb {
  fp::Shared shared;
  // From READY on; made and destroyed while no frame flows.
  std::unique_ptr<fp::FrameQueue> queue;
};

struct _GstFacePerturb {
  GstBaseTransform parent;
  FacePerturb* self;
};

G_DEFINE_TYPE_WITH_CODE(GstFacePerturb, gst_face_perturb, GST_TYPE_BASE_TRANSFORM,
                        G_IMPLEMENT_INTERFACE(GST_TYPE_PRESET, nullptr);
                        GST_DEBUG_CATEGORY_INIT(face_perturb_debug, "faceperturb", 0,
                                                "face perturbation"))
GST_ELEMENT_REGISTER_DEFINE(faceperturb, "faceperturb", GST_RANK_NONE, GST_TYPE_FACE_PERTURB)

namespace {

GstBaseTransformClass* parent_class() {
  return GST_BASE_TRANSFORM_CLASS(gst_face_perturb_parent_class);
}

// --- Properties --------------------------------------------------------------------------------

void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  fp::Shared& shared = GST_FACE_PERTURB(object)->self->shared;
  const std::lock_guard lock(shared.mutex);
  if (!fp::set_option(shared.options, id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  fp::Shared& shared = GST_FACE_PERTURB(object)->self->shared;
  if (id == PROP_STATS)
    g_value_take_boxed(value, shared.stats.structure());
  else if (!fp::get_option(shared.snapshot(), id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

// --- State -------------------------------------------------------------------------------------

// Loads what frames need; posts an error and returns false where something is missing.
bool open(GstFacePerturb* element) {
  FacePerturb& self = *element->self;
  const fp::Options options = self.shared.snapshot();
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
    self.queue = std::make_unique<fp::FrameQueue>(
        GST_BASE_TRANSFORM(element), self.shared,
        fp::detector_info(options.detector).make(options.detector_model), std::move(landmarks),
        fp::make_recorder(options));
    return true;
  } catch (const fp::PropertyError& error) {
    GST_ELEMENT_ERROR(element, RESOURCE, OPEN_READ_WRITE, ("%s", error.what()), (nullptr));
  } catch (const fp::ModelError& error) {
    GST_ELEMENT_ERROR(element, RESOURCE, OPEN_READ, ("%s: %s", property, error.what()),
                      ("%s", remedy));
  } catch (const std::exception& error) {
    GST_ELEMENT_ERROR(element, LIBRARY, INIT, ("The face detector cannot be prepared."),
                      ("%s", error.what()));
  }
  return false;
}

GstStateChangeReturn change_state(GstElement* element, GstStateChange transition) {
  auto* object = GST_FACE_PERTURB(element);
  if (transition == GST_STATE_CHANGE_NULL_TO_READY && !open(object))
    return GST_STATE_CHANGE_FAILURE;
  const auto result =
      GST_ELEMENT_CLASS(gst_face_perturb_parent_class)->change_state(element, transition);
  if (transition == GST_STATE_CHANGE_READY_TO_NULL) object->self->queue.reset();
  return result;
}

gboolean start(GstBaseTransform* base) {
  FacePerturb& self = *GST_FACE_PERTURB(base)->self;
  self.shared.live = false;
  self.shared.stats.reset();
  return self.queue->start();
}

gboolean stop(GstBaseTransform* base) {
  GST_FACE_PERTURB(base)->self->queue->stop();
  return TRUE;
}

gboolean set_caps(GstBaseTransform* base, GstCaps* caps, GstCaps*) {
  FacePerturb& self = *GST_FACE_PERTURB(base)->self;
  if (!self.queue->set_caps(caps)) return FALSE;

  const GstVideoInfo& info = self.queue->info();
  const int rate = GST_VIDEO_INFO_FPS_N(&info);
  const GstClockTime duration =
      rate > 0 ? gst_util_uint64_scale_int(GST_SECOND, GST_VIDEO_INFO_FPS_D(&info), rate)
               : unknown_frame_duration;
  if (self.shared.frame_duration.exchange(duration) != duration && self.shared.depth > 0)
    gst_element_post_message(GST_ELEMENT(base), gst_message_new_latency(GST_OBJECT(base)));
  return TRUE;
}

// --- Frames ------------------------------------------------------------------------------------

GstFlowReturn submit_input_buffer(GstBaseTransform* base, gboolean is_discont, GstBuffer* input) {
  FacePerturb& self = *GST_FACE_PERTURB(base)->self;
  // Negotiates, and drops what is late: such a frame is not looked at and does not leave.
  GstFlowReturn flow = parent_class()->submit_input_buffer(base, is_discont, input);
  GstBuffer* buffer = std::exchange(base->queued_buf, nullptr);
  if (flow != GST_FLOW_OK || !buffer) return flow;
  if (!self.queue || !self.queue->has_caps()) {
    gst_buffer_unref(buffer);
    return GST_FLOW_NOT_NEGOTIATED;
  }
  // What was tracked says nothing of what comes. (is_discont stays set until something went out.)
  if (GST_BUFFER_IS_DISCONT(buffer) && !self.queue->empty()) {
    flow = self.queue->drain();
    self.queue->forget_faces();
    if (flow != GST_FLOW_OK) {
      gst_buffer_unref(buffer);
      return flow;
    }
  }
  return self.queue->push(buffer);
}

GstFlowReturn generate_output(GstBaseTransform* base, GstBuffer** output) {
  return GST_FACE_PERTURB(base)->self->queue->pop(output);
}

// --- Events and queries ------------------------------------------------------------------------

gboolean sink_event(GstBaseTransform* base, GstEvent* event) {
  // A cover or preview shows clearly what the frames do not.
  if (GST_EVENT_TYPE(event) == GST_EVENT_TAG) event = fp::without_pictures(event);
  fp::FrameQueue* queue = GST_FACE_PERTURB(base)->self->queue.get();
  if (!queue) return parent_class()->sink_event(base, event);
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_FLUSH_STOP:
      queue->discard();
      break;
    case GST_EVENT_STREAM_START:
    case GST_EVENT_CAPS:
    case GST_EVENT_SEGMENT:
    case GST_EVENT_GAP:
    case GST_EVENT_EOS:
      queue->drain();
      break;
    default:  // anything else in the stream keeps its place between the frames
      if ((int{GST_EVENT_TYPE(event)} & GST_EVENT_TYPE_SERIALIZED) && queue->push(event))
        return TRUE;
  }
  const auto type = GST_EVENT_TYPE(event);
  const gboolean handled = parent_class()->sink_event(base, event);
  // Positions in the next stream say nothing of those in this one.
  if (type == GST_EVENT_CAPS || type == GST_EVENT_SEGMENT) queue->forget_faces();
  return handled;
}

gboolean query(GstBaseTransform* base, GstPadDirection direction, GstQuery* query) {
  fp::Shared& shared = GST_FACE_PERTURB(base)->self->shared;
  if (direction != GST_PAD_SRC || GST_QUERY_TYPE(query) != GST_QUERY_LATENCY)
    return parent_class()->query(base, direction, query);
  if (!gst_pad_peer_query(base->sinkpad, query)) return FALSE;
  gboolean live;
  GstClockTime least, most;
  gst_query_parse_latency(query, &live, &least, &most);
  shared.live = live;
  // The frames held back, and what a live stream waits for the worker at most.
  const GstClockTime frame = shared.frame_duration;
  const GstClockTime own = static_cast<GstClockTime>(shared.depth) * frame + frame / 2;
  gst_query_set_latency(query, live, least + own,
                        GST_CLOCK_TIME_IS_VALID(most) ? most + own : GST_CLOCK_TIME_NONE);
  return TRUE;
}

// The frames that wait come out of somebody's pool: it must have more of them.
gboolean propose_allocation(GstBaseTransform* base, GstQuery* decide, GstQuery* query) {
  const gboolean result = parent_class()->propose_allocation(base, decide, query);
  const auto more = static_cast<guint>(GST_FACE_PERTURB(base)->self->shared.depth);
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
                         "covered, dropped; times in nanoseconds; frames, faces and "
                         "bytes recorded",
                         GST_TYPE_STRUCTURE,
                         static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));

  auto* element_class = GST_ELEMENT_CLASS(klass);
  element_class->change_state = change_state;
  gst_element_class_set_static_metadata(
      element_class, "Face perturbation", "Filter/Effect/Video",
      "Finds every face and rearranges its pixels in place, so that it no longer shows whose it is",
      "The faceperturb developers");
  gst_element_class_add_pad_template(element_class, fp::raw_video_template("sink", GST_PAD_SINK));
  gst_element_class_add_pad_template(element_class, fp::raw_video_template("src", GST_PAD_SRC));
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
  element->self->shared.frame_duration = unknown_frame_duration;
  gst_base_transform_set_in_place(GST_BASE_TRANSFORM(element), TRUE);
  // Late frames are dropped by the base class before any work, never passed on unchanged.
  gst_base_transform_set_qos_enabled(GST_BASE_TRANSFORM(element), TRUE);
}
