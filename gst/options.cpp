// SPDX-License-Identifier: LGPL-2.1-or-later
#include "options.h"

namespace faceperturb {
namespace {

enum Property : guint {
  PROP_METHOD = 1,
  PROP_REGIONS,
  PROP_PIXELS,
  PROP_CELL_SIZE,
  PROP_DETECTOR,
  PROP_DETECTOR_MODEL,
  PROP_LANDMARK_MODEL,
  PROP_MIN_FACE_SIZE,
  PROP_DETECT_INTERVAL,
  PROP_LOOKAHEAD,
  PROP_HOLD,
  PROP_ON_UNCHECKED,
  PROP_ATTACH_META,
  PROP_ATTACH_RECORD,
  PROP_POST_MESSAGES,
  PROP_KEY_LOCATION,
  PROP_ESCROW_KEY_LOCATION,
  PROP_RECORD_LOCATION,
  PROP_RECORD_MAX_SIZE,
  PROP_REKEY_INTERVAL,
  PROP_PARAMETERS = 50,  // and on: those of the methods
};

const ParameterInfo* parameter_of(guint id) {
  const auto table = parameters();
  return id >= PROP_PARAMETERS && id - PROP_PARAMETERS < table.size() ? &table[id - PROP_PARAMETERS]
                                                                      : nullptr;
}

std::string text(const GValue* value) {
  const gchar* string = g_value_get_string(value);
  return string ? string : "";
}

void set_text(GValue* value, const std::string& text) {
  g_value_set_string(value, text.empty() ? nullptr : text.c_str());
}

}  // namespace

void install_options(GObjectClass* klass) {
  constexpr auto live = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                 GST_PARAM_MUTABLE_PLAYING);
  constexpr auto animated = static_cast<GParamFlags>(live | GST_PARAM_CONTROLLABLE);
  constexpr auto fixed = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                  GST_PARAM_MUTABLE_READY);
  const Options defaults;
  const auto install = [&](Property id, GParamSpec* spec) {
    g_object_class_install_property(klass, id, spec);
  };
  install(PROP_METHOD,
          g_param_spec_enum("method", "Method", "What is done to the chosen regions of every face",
                            method_type(), static_cast<gint>(defaults.frame.method), animated));
  install(PROP_REGIONS,
          g_param_spec_flags("regions", "Regions",
                             "Parts of a face to perturb; 0 = head, for nothing chosen must not "
                             "mean nothing protected",
                             regions_type(), static_cast<guint>(defaults.frame.regions), live));
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
  install(PROP_DETECTOR,
          g_param_spec_enum("detector", "Detector", "What finds the faces", detector_type(),
                            static_cast<gint>(defaults.detector), fixed));
  install(PROP_DETECTOR_MODEL,
          g_param_spec_string("detector-model", "Detector model",
                              "File of the neural network for detector dnn or auto: Darknet YOLO "
                              "(.cfg with .weights beside it), YuNet or RFB (.onnx), dlib MMOD "
                              "(.dat); unset = none. Read when the element goes to READY",
                              nullptr, fixed));
  install(PROP_LANDMARK_MODEL,
          g_param_spec_string("landmark-model", "Landmark model",
                              "File of a dlib shape predictor for 68 landmarks (Debian: package "
                              "libdlib-data); read when the element goes to READY",
                              DEFAULT_LANDMARK_MODEL, fixed));
  install(PROP_MIN_FACE_SIZE,
          g_param_spec_int("min-face-size", "Minimum face size",
                           "Width in pixels of the smallest face to find; 0 = one eighth of the "
                           "frame's shorter side, at least 24. Half of it costs up to four times "
                           "the time",
                           0, 4096, defaults.min_face_size, live));
  install(PROP_DETECT_INTERVAL,
          g_param_spec_int("detect-interval", "Detect interval",
                           "Frames from one detection to the next, faces are tracked between them; "
                           "1 = detect in every frame. At most lookahead + 1 is used, for no frame "
                           "leaves before the next detection",
                           1, 1000, defaults.guard.detect_interval, fixed));
  install(
      PROP_LOOKAHEAD,
      g_param_spec_int("lookahead", "Look-ahead",
                       "Frames held back, so that a face is protected also in the frames before "
                       "the one in which it is found; this is the latency. 0 = none",
                       0, 1000, defaults.guard.lookahead, fixed));
  install(PROP_HOLD,
          g_param_spec_int("hold", "Hold",
                           "Milliseconds for which a face stays protected that is lost from sight; "
                           "up to eight times as long if it can still be tracked. 0 = not held and "
                           "not tracked further than to the next detection",
                           0, 60000,
                           static_cast<gint>(defaults.guard.hold / std::chrono::milliseconds(1)),
                           fixed));
  install(PROP_ON_UNCHECKED,
          g_param_spec_enum("on-unchecked", "On unchecked",
                            "What becomes of a frame that could not be checked for faces",
                            on_unchecked_type(), static_cast<gint>(defaults.on_unchecked), live));
  install(PROP_ATTACH_META,
          g_param_spec_boolean("attach-meta", "Attach metadata",
                               "Attach a GstVideoRegionOfInterestMeta of type face to the buffer "
                               "for every face",
                               defaults.attach_meta, live));
  install(PROP_KEY_LOCATION,
          g_param_spec_string("key-location", "Key location",
                              "File of the secret that permutations are drawn by, so that "
                              "facerestore can undo them: 32 bytes or 64 hexadecimal digits, for "
                              "its owner alone to read; unset = a random secret that is kept "
                              "nowhere. Read when the element goes to READY",
                              nullptr, fixed));
  install(PROP_ESCROW_KEY_LOCATION,
          g_param_spec_string("escrow-key-location", "Escrow key location",
                              "File of a second secret: the record then holds the originals of the "
                              "regions, encrypted by it, so that any method can be undone; unset = "
                              "originals are not kept. Read when the element goes to READY",
                              nullptr, fixed));
  install(PROP_RECORD_LOCATION,
          g_param_spec_string("record-location", "Record location",
                              "File that the record is appended to, encrypted by the key: what "
                              "facerestore needs. May hold one %d or %05d for the number of a "
                              "part; unset = no file",
                              nullptr, fixed));
  install(PROP_RECORD_MAX_SIZE,
          g_param_spec_uint64("record-max-size", "Maximum record size",
                              "Bytes from which the record goes on in a new part, for which "
                              "record-location has a %05d; 0 = no limit",
                              0, G_MAXUINT64, defaults.record_max_size, fixed));
  install(PROP_REKEY_INTERVAL,
          g_param_spec_int("rekey-interval", "Re-key interval",
                           "Frames that are permuted alike; 1 = every frame anew. More costs "
                           "privacy: one known frame opens all others of its interval, and so does "
                           "averaging",
                           1, G_MAXINT, defaults.frame.rekey_interval, live));
  install(PROP_ATTACH_RECORD,
          g_param_spec_boolean("attach-record", "Attach record",
                               "Attach each frame's record to its buffer, encrypted by the key: "
                               "facerecordinsert writes it into an H.264 or H.265 stream",
                               defaults.attach_record, fixed));
  install(PROP_POST_MESSAGES,
          g_param_spec_boolean("post-messages", "Post messages",
                               "Post an element message faceperturb on the bus for every frame",
                               defaults.post_messages, live));
  for (const ParameterInfo& entry : parameters()) {
    const auto id = PROP_PARAMETERS + static_cast<guint>(entry.parameter);
    const auto whole = [](double value) { return static_cast<gint>(value); };
    g_object_class_install_property(
        klass, id,
        entry.whole
            ? g_param_spec_int(entry.name.data(), entry.nick.data(), entry.description.data(),
                               whole(entry.least), whole(entry.most), whole(entry.preset), animated)
            : g_param_spec_double(entry.name.data(), entry.nick.data(), entry.description.data(),
                                  entry.least, entry.most, entry.preset, animated));
  }
}

bool set_option(Options& options, guint id, const GValue* value) {
  if (const ParameterInfo* entry = parameter_of(id)) {
    options.frame.parameters.set(entry->parameter,
                                 entry->whole ? g_value_get_int(value) : g_value_get_double(value));
    return true;
  }
  switch (id) {
    case PROP_METHOD:
      options.frame.method = static_cast<Method>(g_value_get_enum(value));
      break;
    case PROP_REGIONS:
      options.frame.regions = static_cast<Regions>(g_value_get_flags(value));
      break;
    case PROP_PIXELS:
      options.frame.pixels = g_value_get_int(value);
      break;
    case PROP_CELL_SIZE:
      options.frame.cell_size = g_value_get_int(value);
      break;
    case PROP_DETECTOR:
      options.detector = static_cast<DetectorKind>(g_value_get_enum(value));
      break;
    case PROP_DETECTOR_MODEL:
      options.detector_model = text(value);
      break;
    case PROP_LANDMARK_MODEL:
      options.landmark_model = text(value);
      break;
    case PROP_MIN_FACE_SIZE:
      options.min_face_size = g_value_get_int(value);
      break;
    case PROP_DETECT_INTERVAL:
      options.guard.detect_interval = g_value_get_int(value);
      break;
    case PROP_LOOKAHEAD:
      options.guard.lookahead = g_value_get_int(value);
      break;
    case PROP_HOLD:
      options.guard.hold = std::chrono::milliseconds(g_value_get_int(value));
      break;
    case PROP_ON_UNCHECKED:
      options.on_unchecked = static_cast<OnUnchecked>(g_value_get_enum(value));
      break;
    case PROP_ATTACH_META:
      options.attach_meta = g_value_get_boolean(value);
      break;
    case PROP_KEY_LOCATION:
      options.key_location = text(value);
      break;
    case PROP_ESCROW_KEY_LOCATION:
      options.escrow_key_location = text(value);
      break;
    case PROP_RECORD_LOCATION:
      options.record_location = text(value);
      break;
    case PROP_RECORD_MAX_SIZE:
      options.record_max_size = g_value_get_uint64(value);
      break;
    case PROP_REKEY_INTERVAL:
      options.frame.rekey_interval = g_value_get_int(value);
      break;
    case PROP_ATTACH_RECORD:
      options.attach_record = g_value_get_boolean(value);
      break;
    case PROP_POST_MESSAGES:
      options.post_messages = g_value_get_boolean(value);
      break;
    default:
      return false;
  }
  return true;
}

bool get_option(const Options& options, guint id, GValue* value) {
  if (const ParameterInfo* entry = parameter_of(id)) {
    const double number = options.frame.parameters[entry->parameter];
    if (entry->whole)
      g_value_set_int(value, static_cast<gint>(number));
    else
      g_value_set_double(value, number);
    return true;
  }
  switch (id) {
    case PROP_METHOD:
      g_value_set_enum(value, static_cast<gint>(options.frame.method));
      break;
    case PROP_REGIONS:
      g_value_set_flags(value, static_cast<guint>(options.frame.regions));
      break;
    case PROP_PIXELS:
      g_value_set_int(value, options.frame.pixels);
      break;
    case PROP_CELL_SIZE:
      g_value_set_int(value, options.frame.cell_size);
      break;
    case PROP_DETECTOR:
      g_value_set_enum(value, static_cast<gint>(options.detector));
      break;
    case PROP_DETECTOR_MODEL:
      set_text(value, options.detector_model);
      break;
    case PROP_LANDMARK_MODEL:
      g_value_set_string(value, options.landmark_model.c_str());
      break;
    case PROP_MIN_FACE_SIZE:
      g_value_set_int(value, options.min_face_size);
      break;
    case PROP_DETECT_INTERVAL:
      g_value_set_int(value, options.guard.detect_interval);
      break;
    case PROP_LOOKAHEAD:
      g_value_set_int(value, options.guard.lookahead);
      break;
    case PROP_HOLD:
      g_value_set_int(value, static_cast<gint>(options.guard.hold / std::chrono::milliseconds(1)));
      break;
    case PROP_ON_UNCHECKED:
      g_value_set_enum(value, static_cast<gint>(options.on_unchecked));
      break;
    case PROP_ATTACH_META:
      g_value_set_boolean(value, options.attach_meta);
      break;
    case PROP_KEY_LOCATION:
      set_text(value, options.key_location);
      break;
    case PROP_ESCROW_KEY_LOCATION:
      set_text(value, options.escrow_key_location);
      break;
    case PROP_RECORD_LOCATION:
      set_text(value, options.record_location);
      break;
    case PROP_RECORD_MAX_SIZE:
      g_value_set_uint64(value, options.record_max_size);
      break;
    case PROP_REKEY_INTERVAL:
      g_value_set_int(value, options.frame.rekey_interval);
      break;
    case PROP_ATTACH_RECORD:
      g_value_set_boolean(value, options.attach_record);
      break;
    case PROP_POST_MESSAGES:
      g_value_set_boolean(value, options.post_messages);
      break;
    default:
      return false;
  }
  return true;
}

}  // namespace faceperturb
