// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-facerestore
 * @title: facerestore
 * @short_description: brings back the faces that faceperturb made unrecognisable
 *
 * Undoes what the element faceperturb did with #GstFacePerturb:key-location, for who has the key
 * and the record: a file (#GstFaceRestore:record-location), or what the frames themselves carry, by
 * facerecordextract before the decoder. After a lossless codec every byte of a frame is the
 * source's.
 *
 * Each frame's record is tried by fingerprint before it is believed. A frame whose record is not
 * found is never restored by another: it ends the stream with an error, or stays as it is, as
 * #GstFaceRestore:on-mismatch says.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=protected.mkv ! decodebin ! facerestore key-location=key
 * record-location=record ! videoconvert ! autovideosink
 * ]| Shows a protected file as it was.
 */

#include "gstfacerestore.h"

#include <gst/video/video.h>

#include <exception>
#include <memory>
#include <mutex>
#include <string>

#include "mapped_frame.h"
#include "raw_video.h"
#include "record/restorer.h"
#include "record_meta.h"
#include "recording.h"

GST_DEBUG_CATEGORY_STATIC(face_restore_debug);
#define GST_CAT_DEFAULT face_restore_debug

namespace fp = faceperturb;

namespace {

enum class OnMismatch { error, keep };

enum Property : guint {
  PROP_KEY_LOCATION = 1,
  PROP_ESCROW_KEY_LOCATION,
  PROP_RECORD_LOCATION,
  PROP_ON_MISMATCH,
  PROP_STATS,
};

struct Options {
  std::string key_location, escrow_key_location, record_location;
  OnMismatch on_mismatch = OnMismatch::error;
};

struct Counts {
  guint64 frames = 0, faces = 0, unverified = 0;
  std::array<guint64, 6> by_outcome{};  // of fp::Restored
};

constexpr const char* outcome_names[] = {"exactly", "nearly", "untouched",
                                         "covered", "locked", "unmatched"};

GType on_mismatch_type() {
  static const GEnumValue values[] = {
      {static_cast<gint>(OnMismatch::error), "Stop with an error", "error"},
      {static_cast<gint>(OnMismatch::keep), "Send the frame as it is, protected", "keep"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstFaceRestoreOnMismatch", values);
  return type;
}

}  // namespace

struct FaceRestore {
  std::mutex mutex;
  Options options;  // under the mutex
  Counts counts;    // under the mutex

  // From READY on; for the streaming thread.
  std::unique_ptr<fp::Restorer> restorer;
  GstVideoInfo info{};
  const fp::FormatInfo* format = nullptr;
};

struct _GstFaceRestore {
  GstBaseTransform parent;
  FaceRestore* self;
};

G_DEFINE_TYPE_WITH_CODE(GstFaceRestore, gst_face_restore, GST_TYPE_BASE_TRANSFORM,
                        GST_DEBUG_CATEGORY_INIT(face_restore_debug, "facerestore", 0,
                                                "restoring perturbed faces"))
GST_ELEMENT_REGISTER_DEFINE(facerestore, "facerestore", GST_RANK_NONE, GST_TYPE_FACE_RESTORE)

namespace {

// --- Properties --------------------------------------------------------------------------------

void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  FaceRestore& self = *GST_FACE_RESTORE(object)->self;
  const std::lock_guard lock(self.mutex);
  const auto text = [&] {
    const gchar* string = g_value_get_string(value);
    return std::string(string ? string : "");
  };
  switch (id) {
    case PROP_KEY_LOCATION:
      self.options.key_location = text();
      break;
    case PROP_ESCROW_KEY_LOCATION:
      self.options.escrow_key_location = text();
      break;
    case PROP_RECORD_LOCATION:
      self.options.record_location = text();
      break;
    case PROP_ON_MISMATCH:
      self.options.on_mismatch = static_cast<OnMismatch>(g_value_get_enum(value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
}

GstStructure* stats(const Counts& counts) {
  GstStructure* result = gst_structure_new("facerestore-stats", "frames", G_TYPE_UINT64,
                                           counts.frames, "faces", G_TYPE_UINT64, counts.faces,
                                           "unverified", G_TYPE_UINT64, counts.unverified, nullptr);
  for (std::size_t i = 0; i < counts.by_outcome.size(); ++i)
    gst_structure_set(result, outcome_names[i], G_TYPE_UINT64, counts.by_outcome[i], nullptr);
  return result;
}

void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  FaceRestore& self = *GST_FACE_RESTORE(object)->self;
  const std::lock_guard lock(self.mutex);
  const auto text = [&](const std::string& string) {
    g_value_set_string(value, string.empty() ? nullptr : string.c_str());
  };
  switch (id) {
    case PROP_KEY_LOCATION:
      text(self.options.key_location);
      break;
    case PROP_ESCROW_KEY_LOCATION:
      text(self.options.escrow_key_location);
      break;
    case PROP_RECORD_LOCATION:
      text(self.options.record_location);
      break;
    case PROP_ON_MISMATCH:
      g_value_set_enum(value, static_cast<gint>(self.options.on_mismatch));
      break;
    case PROP_STATS:
      g_value_take_boxed(value, stats(self.counts));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
}

// --- State -------------------------------------------------------------------------------------

std::unique_ptr<fp::RecordReader> read_record(GstFaceRestore* element, const std::string& location,
                                              const fp::Secret& key) {
  if (location.empty()) return nullptr;
  try {
    auto record = std::make_unique<fp::RecordReader>(location, key);
    for (const std::string& gap : record->gaps())
      GST_ELEMENT_WARNING(element, RESOURCE, READ, ("record-location: %s.", gap.c_str()),
                          ("What is there will be used."));
    return record;
  } catch (const fp::RecordError& error) {
    throw fp::PropertyError("record-location", error.what());
  }
}

bool open(GstFaceRestore* element) {
  FaceRestore& self = *element->self;
  Options options;
  {
    const std::lock_guard lock(self.mutex);
    options = self.options;
  }
  try {
    const auto key = fp::read_key("key-location", options.key_location);
    if (!key)
      throw fp::PropertyError("key-location", "no file is set, and nothing can be restored");
    auto escrow = fp::read_key("escrow-key-location", options.escrow_key_location);
    self.restorer = std::make_unique<fp::Restorer>(
        *key, std::move(escrow), read_record(element, options.record_location, *key));
    return true;
  } catch (const std::exception& error) {
    GST_ELEMENT_ERROR(element, RESOURCE, OPEN_READ, ("%s", error.what()), (nullptr));
    return false;
  }
}

GstStateChangeReturn change_state(GstElement* element, GstStateChange transition) {
  auto* object = GST_FACE_RESTORE(element);
  if (transition == GST_STATE_CHANGE_NULL_TO_READY && !open(object))
    return GST_STATE_CHANGE_FAILURE;
  const auto result =
      GST_ELEMENT_CLASS(gst_face_restore_parent_class)->change_state(element, transition);
  if (transition == GST_STATE_CHANGE_READY_TO_NULL) object->self->restorer.reset();
  return result;
}

gboolean start(GstBaseTransform* base) {
  FaceRestore& self = *GST_FACE_RESTORE(base)->self;
  self.restorer->forget();
  self.format = nullptr;
  const std::lock_guard lock(self.mutex);
  self.counts = {};
  return TRUE;
}

gboolean set_caps(GstBaseTransform* base, GstCaps* caps, GstCaps*) {
  FaceRestore& self = *GST_FACE_RESTORE(base)->self;
  self.format = fp::parse_raw_video(caps, self.info);
  return self.format != nullptr;
}

// --- Frames ------------------------------------------------------------------------------------

fp::Restorer::Result restore(FaceRestore& self, const fp::Frame& frame, GstClockTime time,
                             std::span<const std::uint8_t> packet) {
  auto result = self.restorer->restore(
      frame, GST_CLOCK_TIME_IS_VALID(time) ? static_cast<std::int64_t>(time) : -1, packet);
  const std::lock_guard lock(self.mutex);
  ++self.counts.frames;
  self.counts.faces += result.faces;
  ++self.counts.by_outcome[static_cast<std::size_t>(result.outcome)];
  self.counts.unverified += result.outcome != fp::Restored::unmatched && !result.verified;
  return result;
}

GstFlowReturn transform_ip(GstBaseTransform* base, GstBuffer* buffer) {
  FaceRestore& self = *GST_FACE_RESTORE(base)->self;
  const GstClockTime time =
      gst_segment_to_stream_time(&base->segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
  const auto packet = fp::attached_record(buffer);
  fp::Restorer::Result result;
  try {
    const fp::MappedFrame mapped(self.info, self.format, buffer, GST_MAP_READWRITE);
    if (!mapped) {
      GST_ELEMENT_ERROR(base, STREAM, FORMAT, ("A video frame cannot be read or written."),
                        ("%" GST_PTR_FORMAT, static_cast<void*>(buffer)));
      return GST_FLOW_ERROR;
    }
    result = restore(self, mapped.frame(), time,
                     packet ? std::span<const std::uint8_t>(*packet) : std::span<std::uint8_t>());
  } catch (const std::exception& error) {
    GST_ELEMENT_ERROR(base, STREAM, DECRYPT, ("A frame's record cannot be used: %s.", error.what()),
                      ("at %" GST_TIME_FORMAT, GST_TIME_ARGS(time)));
    return GST_FLOW_ERROR;
  }
  if (packet) fp::remove_record(buffer);
  if (result.fault.empty()) return GST_FLOW_OK;
  GST_INFO_OBJECT(base, "at %" GST_TIME_FORMAT ": %s", GST_TIME_ARGS(time), result.fault.c_str());
  OnMismatch on_mismatch;
  {
    const std::lock_guard lock(self.mutex);
    on_mismatch = self.options.on_mismatch;
  }
  if (on_mismatch == OnMismatch::keep) return GST_FLOW_OK;
  GST_ELEMENT_ERROR(base, STREAM, DECRYPT,
                    ("A frame cannot be restored: %s.", result.fault.c_str()),
                    ("at %" GST_TIME_FORMAT "; on-mismatch=keep leaves such frames protected",
                     GST_TIME_ARGS(time)));
  return GST_FLOW_ERROR;
}

void finalize(GObject* object) {
  delete GST_FACE_RESTORE(object)->self;
  G_OBJECT_CLASS(gst_face_restore_parent_class)->finalize(object);
}

}  // namespace

static void gst_face_restore_class_init(GstFaceRestoreClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  constexpr auto fixed = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                  GST_PARAM_MUTABLE_READY);
  constexpr auto live = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                 GST_PARAM_MUTABLE_PLAYING);
  g_object_class_install_property(
      object_class, PROP_KEY_LOCATION,
      g_param_spec_string("key-location", "Key location",
                          "File of the secret that the faces were permuted by: 32 bytes or 64 "
                          "hexadecimal digits, for its owner alone to read. Must be set; read when "
                          "the element goes to READY",
                          nullptr, fixed));
  g_object_class_install_property(
      object_class, PROP_ESCROW_KEY_LOCATION,
      g_param_spec_string("escrow-key-location", "Escrow key location",
                          "File of the second secret, for records that hold originals; unset = "
                          "originals are not used. Read when the element goes to READY",
                          nullptr, fixed));
  g_object_class_install_property(
      object_class, PROP_RECORD_LOCATION,
      g_param_spec_string("record-location", "Record location",
                          "File of the record, or, with a %d or %05d in it, its parts; unset = "
                          "frames carry their own. Read when the element goes to READY",
                          nullptr, fixed));
  g_object_class_install_property(
      object_class, PROP_ON_MISMATCH,
      g_param_spec_enum("on-mismatch", "On mismatch",
                        "What becomes of a frame that cannot be restored", on_mismatch_type(),
                        static_cast<gint>(OnMismatch::error), live));
  g_object_class_install_property(
      object_class, PROP_STATS,
      g_param_spec_boxed("stats", "Statistics",
                         "Counts since READY to PAUSED: frames, faces restored, frames restored "
                         "exactly, nearly, untouched, covered, locked (no undo), unmatched (no "
                         "record), and unverified (matched by time or place alone)",
                         GST_TYPE_STRUCTURE,
                         static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));

  auto* element_class = GST_ELEMENT_CLASS(klass);
  element_class->change_state = change_state;
  gst_element_class_set_static_metadata(
      element_class, "Face restoration", "Filter/Effect/Video",
      "Brings back, with the key and the record, the faces that faceperturb made unrecognisable",
      "The faceperturb developers");
  gst_element_class_add_pad_template(element_class, fp::raw_video_template("sink", GST_PAD_SINK));
  gst_element_class_add_pad_template(element_class, fp::raw_video_template("src", GST_PAD_SRC));
  gst_type_mark_as_plugin_api(on_mismatch_type(), static_cast<GstPluginAPIFlags>(0));

  auto* base_class = GST_BASE_TRANSFORM_CLASS(klass);
  base_class->start = start;
  base_class->set_caps = set_caps;
  base_class->transform_ip = transform_ip;
}

static void gst_face_restore_init(GstFaceRestore* element) {
  element->self = new FaceRestore;
  gst_base_transform_set_in_place(GST_BASE_TRANSFORM(element), TRUE);
}
