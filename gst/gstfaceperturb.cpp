// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-faceperturb
 * @title: faceperturb
 * @short_description: makes faces in raw video unrecognisable, in place
 *
 * Finds every face of every frame and rearranges the pixels of its eyes, nose and mouth. A frame
 * leaves only after a detector looked at it; where that fails, the frame is covered, dropped, or
 * the stream ends with an error, as #GstFacePerturb:on-unchecked says.
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

#include <algorithm>
#include <array>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "gsttypes.h"
#include "protector.h"

GST_DEBUG_CATEGORY_STATIC(face_perturb_debug);
#define GST_CAT_DEFAULT face_perturb_debug

namespace fp = faceperturb;

namespace {

enum Property {
  PROP_0,
  PROP_METHOD,
  PROP_REGIONS,
  PROP_PIXELS,
  PROP_CELL_SIZE,
  PROP_DETECTOR,
  PROP_LANDMARK_MODEL,
  PROP_MIN_FACE_SIZE,
  PROP_ON_UNCHECKED,
  PROP_ATTACH_META,
  PROP_POST_MESSAGES,
  PROP_STATS,
};

// What a user sets; copied under the object lock once a frame.
struct Options {
  fp::Settings frame;
  OnUnchecked on_unchecked = OnUnchecked::cover;
  bool attach_meta = true;
  bool post_messages = false;
};

struct Stats {
  guint64 frames = 0;
  guint64 faces = 0;
  guint64 checked = 0;
  guint64 held = 0;
  guint64 covered = 0;
  guint64 dropped = 0;
  std::chrono::nanoseconds detect_time{};
  std::chrono::nanoseconds landmark_time{};
  std::chrono::nanoseconds perturb_time{};
};

}  // namespace

// The C++ side of the element: GObject zero-fills its instances, so they hold only a pointer to it.
struct FacePerturb {
  // Under the object lock.
  Options options;
  DetectorChoice detector = DetectorChoice::automatic;
  std::string landmark_model = DEFAULT_LANDMARK_MODEL;
  Stats stats;

  // Of the streaming thread; the protector is made and destroyed while no frame flows.
  std::unique_ptr<fp::Protector> protector;
  GstVideoInfo info{};
  const fp::FormatInfo* format = nullptr;
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

GstStructure* stats_structure(const Stats& stats) {
  const auto ns = [](std::chrono::nanoseconds time) { return static_cast<guint64>(time.count()); };
  return gst_structure_new(
      "faceperturb-stats", "frames", G_TYPE_UINT64, stats.frames, "faces", G_TYPE_UINT64,
      stats.faces, "checked", G_TYPE_UINT64, stats.checked, "held", G_TYPE_UINT64, stats.held,
      "covered", G_TYPE_UINT64, stats.covered, "dropped", G_TYPE_UINT64, stats.dropped,
      "detect-time", G_TYPE_UINT64, ns(stats.detect_time), "landmark-time", G_TYPE_UINT64,
      ns(stats.landmark_time), "perturb-time", G_TYPE_UINT64, ns(stats.perturb_time), nullptr);
}

void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  FacePerturb& self = *GST_FACE_PERTURB(object)->self;
  GST_OBJECT_LOCK(object);
  switch (id) {
    case PROP_METHOD:
      self.options.frame.method = static_cast<fp::Method>(g_value_get_enum(value));
      break;
    case PROP_REGIONS:
      self.options.frame.regions = static_cast<fp::Regions>(g_value_get_flags(value));
      break;
    case PROP_PIXELS:
      self.options.frame.pixels = g_value_get_int(value);
      break;
    case PROP_CELL_SIZE:
      self.options.frame.cell_size = g_value_get_int(value);
      break;
    case PROP_DETECTOR:
      self.detector = static_cast<DetectorChoice>(g_value_get_enum(value));
      break;
    case PROP_LANDMARK_MODEL: {
      const gchar* file = g_value_get_string(value);
      self.landmark_model = file ? file : "";
      break;
    }
    case PROP_MIN_FACE_SIZE:
      self.options.frame.min_face_size = g_value_get_int(value);
      break;
    case PROP_ON_UNCHECKED:
      self.options.on_unchecked = static_cast<OnUnchecked>(g_value_get_enum(value));
      break;
    case PROP_ATTACH_META:
      self.options.attach_meta = g_value_get_boolean(value);
      break;
    case PROP_POST_MESSAGES:
      self.options.post_messages = g_value_get_boolean(value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
  GST_OBJECT_UNLOCK(object);
}

void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  const FacePerturb& self = *GST_FACE_PERTURB(object)->self;
  GST_OBJECT_LOCK(object);
  switch (id) {
    case PROP_METHOD:
      g_value_set_enum(value, static_cast<gint>(self.options.frame.method));
      break;
    case PROP_REGIONS:
      g_value_set_flags(value, static_cast<guint>(self.options.frame.regions));
      break;
    case PROP_PIXELS:
      g_value_set_int(value, self.options.frame.pixels);
      break;
    case PROP_CELL_SIZE:
      g_value_set_int(value, self.options.frame.cell_size);
      break;
    case PROP_DETECTOR:
      g_value_set_enum(value, static_cast<gint>(self.detector));
      break;
    case PROP_LANDMARK_MODEL:
      g_value_set_string(value, self.landmark_model.c_str());
      break;
    case PROP_MIN_FACE_SIZE:
      g_value_set_int(value, self.options.frame.min_face_size);
      break;
    case PROP_ON_UNCHECKED:
      g_value_set_enum(value, static_cast<gint>(self.options.on_unchecked));
      break;
    case PROP_ATTACH_META:
      g_value_set_boolean(value, self.options.attach_meta);
      break;
    case PROP_POST_MESSAGES:
      g_value_set_boolean(value, self.options.post_messages);
      break;
    case PROP_STATS:
      g_value_take_boxed(value, stats_structure(self.stats));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
  GST_OBJECT_UNLOCK(object);
}

// Loads what frames need; posts an error and returns false where something is missing.
bool open(GstFacePerturb* element) {
  FacePerturb& self = *element->self;
  GST_OBJECT_LOCK(element);
  const std::string model = self.landmark_model;
  self.stats = {};
  GST_OBJECT_UNLOCK(element);
  try {
    self.protector =
        std::make_unique<fp::Protector>(fp::make_hog_detector(), fp::LandmarkPredictor(model));
    return true;
  } catch (const fp::ModelError& error) {
    GST_ELEMENT_ERROR(element, RESOURCE, OPEN_READ, ("landmark-model: %s", error.what()),
                      ("Set landmark-model to dlib's shape_predictor_68_face_landmarks.dat; on "
                       "Debian the package "
                       "libdlib-data has it."));
  } catch (const std::exception& error) {
    GST_ELEMENT_ERROR(element, LIBRARY, INIT, ("Could not prepare the face detector"),
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
  if (transition == GST_STATE_CHANGE_READY_TO_NULL) object->self->protector.reset();
  return result;
}

gboolean set_caps(GstBaseTransform* base, GstCaps* caps, GstCaps*) {
  FacePerturb& self = *GST_FACE_PERTURB(base)->self;
  self.format = nullptr;
  if (!gst_video_info_from_caps(&self.info, caps)) return FALSE;
  self.format = fp::find_format(gst_video_format_to_string(GST_VIDEO_INFO_FORMAT(&self.info)));
  return self.format != nullptr;
}

// A face's box in whole pixels inside the frame.
GstVideoRectangle clipped(const fp::Rect& box, const GstVideoInfo& info) {
  const auto within = [](float value, int limit) {
    return static_cast<int>(std::clamp(value, 0.F, static_cast<float>(limit)));
  };
  const int left = within(box.x, info.width), top = within(box.y, info.height);
  return {left, top, within(box.x + box.width, info.width) - left,
          within(box.y + box.height, info.height) - top};
}

void attach_meta(GstBuffer* buffer, const fp::Report& report, const GstVideoInfo& info) {
  for (const auto& face : report.faces) {
    const auto box = clipped(face.box, info);
    auto* meta = gst_buffer_add_video_region_of_interest_meta(
        buffer, "face", static_cast<guint>(box.x), static_cast<guint>(box.y),
        static_cast<guint>(box.w), static_cast<guint>(box.h));
    gst_video_region_of_interest_meta_add_param(
        meta, gst_structure_new("faceperturb", "confidence", G_TYPE_DOUBLE, double{face.score},
                                "state", G_TYPE_STRING, name(report.state).data(), nullptr));
  }
}

void post_message(GstFacePerturb* element, GstBuffer* buffer, const fp::Report& report,
                  const GstVideoInfo& info) {
  const GstSegment& segment = GST_BASE_TRANSFORM(element)->segment;
  const GstClockTime time = GST_BUFFER_PTS(buffer);
  GValue faces = G_VALUE_INIT;
  g_value_init(&faces, GST_TYPE_LIST);
  for (const auto& face : report.faces) {
    const auto box = clipped(face.box, info);
    GValue item = G_VALUE_INIT;
    g_value_init(&item, GST_TYPE_STRUCTURE);
    g_value_take_boxed(
        &item, gst_structure_new("face", "x", G_TYPE_INT, box.x, "y", G_TYPE_INT, box.y, "width",
                                 G_TYPE_INT, box.w, "height", G_TYPE_INT, box.h, "confidence",
                                 G_TYPE_DOUBLE, double{face.score}, nullptr));
    gst_value_list_append_and_take_value(&faces, &item);
  }
  GstStructure* structure = gst_structure_new(
      "faceperturb", "timestamp", G_TYPE_UINT64, time, "stream-time", G_TYPE_UINT64,
      gst_segment_to_stream_time(&segment, GST_FORMAT_TIME, time), "running-time", G_TYPE_UINT64,
      gst_segment_to_running_time(&segment, GST_FORMAT_TIME, time), "duration", G_TYPE_UINT64,
      GST_BUFFER_DURATION(buffer), "state", G_TYPE_STRING, name(report.state).data(), nullptr);
  gst_structure_take_value(structure, "faces", &faces);
  gst_element_post_message(GST_ELEMENT(element),
                           gst_message_new_element(GST_OBJECT(element), structure));
}

void count(GstFacePerturb* element, const fp::Report& report, const Options& options) {
  Stats& stats = element->self->stats;
  GST_OBJECT_LOCK(element);
  ++stats.frames;
  stats.faces += report.faces.size();
  if (report.state == fp::FrameState::covered)
    ++(options.on_unchecked == OnUnchecked::cover ? stats.covered : stats.dropped);
  else
    ++(report.state == fp::FrameState::held ? stats.held : stats.checked);
  stats.detect_time += report.detect_time;
  stats.landmark_time += report.landmark_time;
  stats.perturb_time += report.perturb_time;
  GST_OBJECT_UNLOCK(element);
}

void before_transform(GstBaseTransform* base, GstBuffer* buffer) {
  const GstClockTime time =
      gst_segment_to_stream_time(&base->segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
  if (GST_CLOCK_TIME_IS_VALID(time)) gst_object_sync_values(GST_OBJECT(base), time);
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

GstFlowReturn unusable(GstFacePerturb* element, GstBuffer* buffer) {
  const FacePerturb& self = *element->self;
  GST_ELEMENT_ERROR(
      element, STREAM, FORMAT, ("A video frame cannot be written to."),
      ("%" GST_PTR_FORMAT " does not hold a writable frame of %dx%d %s", static_cast<void*>(buffer),
       self.info.width, self.info.height, self.format->name.data()));
  return GST_FLOW_ERROR;
}

// GstVideoFilter would let a buffer that it cannot map go on as it is. Here that is an error.
GstFlowReturn transform_ip(GstBaseTransform* base, GstBuffer* buffer) {
  auto* element = GST_FACE_PERTURB(base);
  FacePerturb& self = *element->self;
  GstVideoFrame mapped;
  if (!self.protector || !self.format) return GST_FLOW_NOT_NEGOTIATED;
  if (!gst_video_frame_map(&mapped, &self.info, buffer, GST_MAP_READWRITE))
    return unusable(element, buffer);

  GST_OBJECT_LOCK(element);
  const Options options = self.options;
  GST_OBJECT_UNLOCK(element);

  const auto frame = frame_of(mapped, self.format);
  if (!frame) {
    gst_video_frame_unmap(&mapped);
    return unusable(element, buffer);
  }
  const fp::Report report = self.protector->protect(*frame, options.frame);
  gst_video_frame_unmap(&mapped);

  count(element, report, options);
  if (report.state == fp::FrameState::covered && options.on_unchecked != OnUnchecked::cover) {
    if (options.on_unchecked == OnUnchecked::drop) {
      GST_WARNING_OBJECT(element, "dropping an unchecked frame: %s", report.fault.c_str());
      return GST_BASE_TRANSFORM_FLOW_DROPPED;
    }
    GST_ELEMENT_ERROR(element, STREAM, FAILED, ("A frame could not be checked for faces."),
                      ("%s", report.fault.c_str()));
    return GST_FLOW_ERROR;
  }
  if (report.state == fp::FrameState::covered)
    GST_WARNING_OBJECT(element, "covering an unchecked frame: %s", report.fault.c_str());
  if (options.attach_meta) attach_meta(buffer, report, mapped.info);
  if (options.post_messages) post_message(element, buffer, report, mapped.info);
  return GST_FLOW_OK;
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

void install_properties(GObjectClass* object_class) {
  constexpr auto live = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                 GST_PARAM_MUTABLE_PLAYING);
  constexpr auto animated = static_cast<GParamFlags>(live | GST_PARAM_CONTROLLABLE);
  constexpr auto fixed = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                  GST_PARAM_MUTABLE_READY);
  const Options defaults;
  const auto install = [&](Property id, GParamSpec* spec) {
    g_object_class_install_property(object_class, id, spec);
  };
  install(PROP_METHOD,
          g_param_spec_enum("method", "Method", "What is done to the chosen regions of every face",
                            gst_face_perturb_method_get_type(),
                            static_cast<gint>(defaults.frame.method), animated));
  install(PROP_REGIONS,
          g_param_spec_flags("regions", "Regions",
                             "Parts of a face to perturb; 0 = head, for nothing chosen must not "
                             "mean nothing protected",
                             gst_face_perturb_regions_get_type(),
                             static_cast<guint>(defaults.frame.regions), live));
  install(PROP_PIXELS,
          g_param_spec_int("pixels", "Pixels",
                           "Pixels to perturb in a face; 0 = all of the regions. Fewer than the "
                           "regions hold are drawn at random, for more the area grows outwards",
                           0, G_MAXINT, defaults.frame.pixels, animated));
  install(PROP_CELL_SIZE,
          g_param_spec_int("cell-size", "Cell size",
                           "Width and height in pixels of what is moved as one piece, rounded up "
                           "to the chroma sub-sampling of the format; 1 = single pixels",
                           1, 256, defaults.frame.cell_size, live));
  install(PROP_DETECTOR, g_param_spec_enum("detector", "Detector", "What finds the faces",
                                           gst_face_perturb_detector_get_type(),
                                           static_cast<gint>(DetectorChoice::automatic), fixed));
  install(PROP_LANDMARK_MODEL,
          g_param_spec_string("landmark-model", "Landmark model",
                              "File of a dlib shape predictor for 68 landmarks (Debian: package "
                              "libdlib-data); read when the element goes to READY",
                              DEFAULT_LANDMARK_MODEL, fixed));
  install(
      PROP_MIN_FACE_SIZE,
      g_param_spec_int("min-face-size", "Minimum face size",
                       "Width in pixels of the smallest face to find; 0 = one eighth of the "
                       "frame's shorter side, at least 24. Half of it costs four times the time",
                       0, 4096, defaults.frame.min_face_size, live));
  install(PROP_ON_UNCHECKED,
          g_param_spec_enum("on-unchecked", "On unchecked",
                            "What becomes of a frame that could not be checked for faces",
                            gst_face_perturb_on_unchecked_get_type(),
                            static_cast<gint>(defaults.on_unchecked), live));
  install(PROP_ATTACH_META,
          g_param_spec_boolean("attach-meta", "Attach metadata",
                               "Attach a GstVideoRegionOfInterestMeta of type face to the buffer "
                               "for every face found",
                               defaults.attach_meta, live));
  install(PROP_POST_MESSAGES,
          g_param_spec_boolean("post-messages", "Post messages",
                               "Post an element message faceperturb on the bus for every frame",
                               defaults.post_messages, live));
  install(PROP_STATS,
          g_param_spec_boxed("stats", "Statistics",
                             "Counts since NULL to READY: frames, faces, and frames checked, held, "
                             "covered, dropped; times in nanoseconds",
                             GST_TYPE_STRUCTURE,
                             static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
}

}  // namespace

static void gst_face_perturb_class_init(GstFacePerturbClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  install_properties(object_class);

  auto* element_class = GST_ELEMENT_CLASS(klass);
  element_class->change_state = change_state;
  gst_element_class_set_static_metadata(
      element_class, "Face perturbation", "Filter/Effect/Video",
      "Finds every face and rearranges its pixels in place, so that it no longer shows whose it is",
      "The faceperturb developers");
  gst_element_class_add_pad_template(element_class, pad_template("sink", GST_PAD_SINK));
  gst_element_class_add_pad_template(element_class, pad_template("src", GST_PAD_SRC));
  for (const GType type :
       {gst_face_perturb_method_get_type(), gst_face_perturb_regions_get_type(),
        gst_face_perturb_detector_get_type(), gst_face_perturb_on_unchecked_get_type()})
    gst_type_mark_as_plugin_api(type, static_cast<GstPluginAPIFlags>(0));

  auto* base_class = GST_BASE_TRANSFORM_CLASS(klass);
  base_class->set_caps = set_caps;
  base_class->before_transform = before_transform;
  base_class->transform_ip = transform_ip;
}

static void gst_face_perturb_init(GstFacePerturb* element) {
  element->self = new FacePerturb;
  gst_base_transform_set_in_place(GST_BASE_TRANSFORM(element), TRUE);
  // Late frames are dropped by the base class before any work, never passed on unchanged.
  gst_base_transform_set_qos_enabled(GST_BASE_TRANSFORM(element), TRUE);
}
