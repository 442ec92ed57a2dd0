// SPDX-License-Identifier: LGPL-2.1-or-later
#include "options.h"

#include <array>
#include <type_traits>

namespace faceperturb {
namespace {

// --- Values ------------------------------------------------------------------------------------

void read(const GValue* value, int& field) { field = g_value_get_int(value); }
void read(const GValue* value, bool& field) { field = g_value_get_boolean(value); }
void read(const GValue* value, std::uint64_t& field) { field = g_value_get_uint64(value); }
void read(const GValue* value, Regions& field) {
  field = static_cast<Regions>(g_value_get_flags(value));
}
void read(const GValue* value, Lookahead::Time& field) {
  field = std::chrono::milliseconds(g_value_get_int(value));
}
void read(const GValue* value, std::string& field) {
  const gchar* string = g_value_get_string(value);
  field = string ? string : "";
}
template <typename Enum>
requires std::is_enum_v<Enum>
void read(const GValue* value, Enum& field) { field = static_cast<Enum>(g_value_get_enum(value)); }

gint milliseconds(Lookahead::Time time) {
  return static_cast<gint>(time / std::chrono::milliseconds(1));
}

void write(GValue* value, int field) { g_value_set_int(value, field); }
void write(GValue* value, bool field) { g_value_set_boolean(value, field); }
void write(GValue* value, std::uint64_t field) { g_value_set_uint64(value, field); }
void write(GValue* value, Regions field) { g_value_set_flags(value, static_cast<guint>(field)); }
void write(GValue* value, Lookahead::Time field) { g_value_set_int(value, milliseconds(field)); }
void write(GValue* value, const std::string& field) {
  g_value_set_string(value, field.empty() ? nullptr : field.c_str());
}
template <typename Enum>
requires std::is_enum_v<Enum>
void write(GValue* value, Enum field) { g_value_set_enum(value, static_cast<gint>(field)); }

// --- Table -------------------------------------------------------------------------------------

constexpr auto live = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                               GST_PARAM_MUTABLE_PLAYING);
constexpr auto animated = static_cast<GParamFlags>(live | GST_PARAM_CONTROLLABLE);
constexpr auto fixed =
    static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

struct Option {
  GParamSpec* (*spec)(const Options& defaults);
  void (*set)(Options& options, const GValue* value);
  void (*get)(const Options& options, GValue* value);
};

// `field` gives a reference to what the property is of the options.
template <auto field>
constexpr Option option(GParamSpec* (*spec)(const Options&)) {
  return {spec, [](Options& options, const GValue* value) { read(value, field(options)); },
          [](const Options& options, GValue* value) { write(value, field(options)); }};
}

const std::array table{option < [](auto& o) -> auto& {return o.frame.method;
}  // namespace
> ([](const Options& d) {
  return g_param_spec_enum("method", "Method", "What is done to the chosen regions of every face",
                           method_type(), static_cast<gint>(d.frame.method), animated);
}),
    option < [](auto& o) -> auto& {
  return o.frame.regions;
}
> ([](const Options& d) {
  return g_param_spec_flags("regions", "Regions",
                            "Parts of a face to perturb; 0 = head, for nothing chosen must not "
                            "mean nothing protected",
                            regions_type(), static_cast<guint>(d.frame.regions), live);
}),
    option < [](auto& o) -> auto& {
  return o.frame.pixels;
}
> ([](const Options& d) {
  return g_param_spec_int("pixels", "Pixels",
                          "Pixels to perturb in a face; 0 = all of the regions. Fewer than the "
                          "regions hold are drawn at random, for more the area grows outwards",
                          0, G_MAXINT, d.frame.pixels, animated);
}),
    option < [](auto& o) -> auto& {
  return o.frame.cell_size;
}
> ([](const Options& d) {
  return g_param_spec_int("cell-size", "Cell size",
                          "Width and height in pixels of what is moved as one piece, rounded up "
                          "to the chroma sub-sampling of the format; 1 = single pixels",
                          1, 256, d.frame.cell_size, live);
}),
    option < [](auto& o) -> auto& {
  return o.detector;
}
> ([](const Options& d) {
  return g_param_spec_enum("detector", "Detector", "What finds the faces", detector_type(),
                           static_cast<gint>(d.detector), fixed);
}),
    option < [](auto& o) -> auto& {
  return o.detector_model;
}
> ([](const Options&) {
  return g_param_spec_string("detector-model", "Detector model",
                             "File of the neural network for detector dnn or auto: Darknet YOLO "
                             "(.cfg with .weights beside it), YuNet or RFB (.onnx), dlib MMOD "
                             "(.dat); unset = none. Read when the element goes to READY",
                             nullptr, fixed);
}),
    option < [](auto& o) -> auto& {
  return o.landmark_model;
}
> ([](const Options&) {
  return g_param_spec_string("landmark-model", "Landmark model",
                             "File of a dlib shape predictor for 68 landmarks (Debian: package "
                             "libdlib-data); read when the element goes to READY",
                             DEFAULT_LANDMARK_MODEL, fixed);
}),
    option < [](auto& o) -> auto& {
  return o.min_face_size;
}
> ([](const Options& d) {
  return g_param_spec_int("min-face-size", "Minimum face size",
                          "Width in pixels of the smallest face to find; 0 = one eighth of the "
                          "frame's shorter side, at least 24. Half of it costs up to four times "
                          "the time",
                          0, 4096, d.min_face_size, live);
}),
    option < [](auto& o) -> auto& {
  return o.guard.detect_interval;
}
> ([](const Options& d) {
  return g_param_spec_int("detect-interval", "Detect interval",
                          "Frames from one detection to the next, faces are tracked between them; "
                          "1 = detect in every frame. At most lookahead + 1 is used, for no frame "
                          "leaves before the next detection",
                          1, 1000, d.guard.detect_interval, fixed);
}),
    option < [](auto& o) -> auto& {
  return o.guard.lookahead;
}
> ([](const Options& d) {
  return g_param_spec_int("lookahead", "Look-ahead",
                          "Frames held back, so that a face is protected also in the frames before "
                          "the one in which it is found; this is the latency. 0 = none",
                          0, 1000, d.guard.lookahead, fixed);
}),
    option < [](auto& o) -> auto& {
  return o.guard.hold;
}
> ([](const Options& d) {
  return g_param_spec_int("hold", "Hold",
                          "Milliseconds for which a face stays protected that is lost from sight; "
                          "up to eight times as long if it can still be tracked. 0 = not held and "
                          "not tracked further than to the next detection",
                          0, 60000, milliseconds(d.guard.hold), fixed);
}),
    option < [](auto& o) -> auto& {
  return o.on_unchecked;
}
> ([](const Options& d) {
  return g_param_spec_enum("on-unchecked", "On unchecked",
                           "What becomes of a frame that could not be checked for faces",
                           on_unchecked_type(), static_cast<gint>(d.on_unchecked), live);
}),
    option < [](auto& o) -> auto& {
  return o.attach_meta;
}
> ([](const Options& d) {
  return g_param_spec_boolean("attach-meta", "Attach metadata",
                              "Attach a GstVideoRegionOfInterestMeta of type face to the buffer "
                              "for every face",
                              d.attach_meta, live);
}),
    option < [](auto& o) -> auto& {
  return o.key_location;
}
> ([](const Options&) {
  return g_param_spec_string("key-location", "Key location",
                             "File of the secret that permutations are drawn by, so that "
                             "facerestore can undo them: 32 bytes or 64 hexadecimal digits, for "
                             "its owner alone to read; unset = a random secret that is kept "
                             "nowhere. Read when the element goes to READY",
                             nullptr, fixed);
}),
    option < [](auto& o) -> auto& {
  return o.escrow_key_location;
}
> ([](const Options&) {
  return g_param_spec_string("escrow-key-location", "Escrow key location",
                             "File of a second secret: the record then holds the originals of the "
                             "regions, encrypted by it, so that any method can be undone; unset = "
                             "originals are not kept. Read when the element goes to READY",
                             nullptr, fixed);
}),
    option < [](auto& o) -> auto& {
  return o.record_location;
}
> ([](const Options&) {
  return g_param_spec_string("record-location", "Record location",
                             "File that the record is appended to, encrypted by the key: what "
                             "facerestore needs. May hold one %d or %05d for the number of a "
                             "part; unset = no file",
                             nullptr, fixed);
}),
    option < [](auto& o) -> auto& {
  return o.record_max_size;
}
> ([](const Options& d) {
  return g_param_spec_uint64("record-max-size", "Maximum record size",
                             "Bytes from which the record goes on in a new part, for which "
                             "record-location has a %05d; 0 = no limit",
                             0, G_MAXUINT64, d.record_max_size, fixed);
}),
    option < [](auto& o) -> auto& {
  return o.frame.rekey_interval;
}
> ([](const Options& d) {
  return g_param_spec_int("rekey-interval", "Re-key interval",
                          "Frames that are permuted alike; 1 = every frame anew. More costs "
                          "privacy: one known frame opens all others of its interval, and so does "
                          "averaging",
                          1, G_MAXINT, d.frame.rekey_interval, live);
}),
    option < [](auto& o) -> auto& {
  return o.attach_record;
}
> ([](const Options& d) {
  return g_param_spec_boolean("attach-record", "Attach record",
                              "Attach each frame's record to its buffer, encrypted by the key: "
                              "facerecordinsert writes it into an H.264 or H.265 stream",
                              d.attach_record, fixed);
}),
    option < [](auto& o) -> auto& {
  return o.post_messages;
}
> ([](const Options& d) {
  return g_param_spec_boolean("post-messages", "Post messages",
                              "Post an element message faceperturb on the bus for every frame",
                              d.post_messages, live);
}),
};  // namespace faceperturb

// Properties are numbered from 1: those of the table, then those of the methods.
const Option* option_of(guint id) { return id - 1 < table.size() ? &table[id - 1] : nullptr; }

const ParameterInfo* parameter_of(guint id) {
  const std::size_t i = id - 1 - table.size();
  return i < parameters().size() ? &parameters()[i] : nullptr;
}

GParamSpec* spec_of(const ParameterInfo& entry) {
  const auto whole = [](double value) { return static_cast<gint>(value); };
  const char *name = entry.name.data(), *nick = entry.nick.data();
  const char* blurb = entry.description.data();
  return entry.whole ? g_param_spec_int(name, nick, blurb, whole(entry.least), whole(entry.most),
                                        whole(entry.preset), animated)
                     : g_param_spec_double(name, nick, blurb, entry.least, entry.most, entry.preset,
                                           animated);
}

}  // namespace

void install_options(GObjectClass* klass) {
  const Options defaults;
  guint id = 0;
  for (const Option& entry : table)
    g_object_class_install_property(klass, ++id, entry.spec(defaults));
  for (const ParameterInfo& entry : parameters())
    g_object_class_install_property(klass, ++id, spec_of(entry));
}

bool set_option(Options& options, guint id, const GValue* value) {
  if (const Option* entry = option_of(id)) {
    entry->set(options, value);
    return true;
  }
  const ParameterInfo* entry = parameter_of(id);
  if (!entry) return false;
  options.frame.parameters.set(entry->parameter,
                               entry->whole ? g_value_get_int(value) : g_value_get_double(value));
  return true;
}

bool get_option(const Options& options, guint id, GValue* value) {
  if (const Option* entry = option_of(id)) {
    entry->get(options, value);
    return true;
  }
  const ParameterInfo* entry = parameter_of(id);
  if (!entry) return false;
  const double number = options.frame.parameters[entry->parameter];
  if (entry->whole)
    g_value_set_int(value, static_cast<gint>(number));
  else
    g_value_set_double(value, number);
  return true;
}

}  // namespace faceperturb
