// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/elements.h"

#include <cstring>

#include "common/failure.h"
#include "common/gst_ptr.h"

namespace examples {
namespace {

// Where Debian keeps what the examples use.
constexpr std::pair<std::string_view, std::string_view> packages[] = {
    {"appsrc", "gstreamer1.0-plugins-base"},        {"audioconvert", "gstreamer1.0-plugins-base"},
    {"audioresample", "gstreamer1.0-plugins-base"}, {"avenc_aac", "gstreamer1.0-libav"},
    {"h264parse", "gstreamer1.0-plugins-bad"},      {"matroskamux", "gstreamer1.0-plugins-good"},
    {"mp4mux", "gstreamer1.0-plugins-good"},        {"opusenc", "gstreamer1.0-plugins-base"},
    {"qtmux", "gstreamer1.0-plugins-good"},         {"rtph264pay", "gstreamer1.0-plugins-good"},
    {"uridecodebin", "gstreamer1.0-plugins-base"},  {"videoconvert", "gstreamer1.0-plugins-base"},
    {"autovideosink", "gstreamer1.0-plugins-good"}, {"videocrop", "gstreamer1.0-plugins-good"},
    {"videoflip", "gstreamer1.0-plugins-good"},     {"vp8enc", "gstreamer1.0-plugins-good"},
    {"vp9enc", "gstreamer1.0-plugins-good"},        {"webmmux", "gstreamer1.0-plugins-good"},
    {"x265enc", "gstreamer1.0-plugins-bad"},        {"vorbisenc", "gstreamer1.0-plugins-base"},
    {"x264enc", "gstreamer1.0-plugins-ugly"},
};

bool installed(const char* factory) {
  return Ptr<GstElementFactory>(gst_element_factory_find(factory)) != nullptr;
}

gboolean select_stream(GstElement*, guint, GstCaps* caps, gpointer) {
  const gchar* media = gst_structure_get_string(gst_caps_get_structure(caps, 0), "media");
  return !media || !std::strcmp(media, "video") || !std::strcmp(media, "audio");
}

void source_setup(GstElement*, GstElement* source, gpointer) {
  if (g_signal_lookup("select-stream", G_OBJECT_TYPE(source)))
    g_signal_connect(source, "select-stream", G_CALLBACK(select_stream), nullptr);
}

}  // namespace

std::string missing_element(std::string_view factory) {
  std::string text = "the GStreamer element '" + std::string(factory) + "' is missing: ";
  if (factory == "faceperturb")
    return text +
           "install gstreamer1.0-faceperturb, or set GST_PLUGIN_PATH to the folder that holds "
           "libgstfaceperturb.so";
  for (const auto& [element, package] : packages)
    if (element == factory) return text + "on Debian, apt install " + std::string(package);
  return text + "install the plugin that has it";
}

GstElement* add_element(GstBin* bin, const char* factory) {
  GstElement* element = gst_element_factory_make(factory, nullptr);
  if (!element) throw Failure(missing_element(factory));
  gst_bin_add(bin, element);
  return element;
}

const char* first_installed(std::initializer_list<const char*> factories) {
  for (const char* factory : factories)
    if (installed(factory)) return factory;
  throw Failure(missing_element(*factories.begin()));
}

void link_all(std::initializer_list<GstElement*> elements) {
  GstElement* before = nullptr;
  for (GstElement* element : elements) {
    if (before && !gst_element_link(before, element))
      throw Failure(std::string("cannot connect ") + GST_OBJECT_NAME(before) + " to " +
                    GST_OBJECT_NAME(element));
    before = element;
  }
}

void set_property(GstElement* element, const std::string& name, const std::string& value) {
  const std::string kind = GST_OBJECT_NAME(gst_element_get_factory(element));
  GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element), name.c_str());
  if (!spec || !(spec->flags & G_PARAM_WRITABLE))
    throw Failure(kind + " has no property '" + name + "' to set; see gst-inspect-1.0 " + kind);
  GValue parsed = G_VALUE_INIT;
  g_value_init(&parsed, spec->value_type);
  const bool fits = gst_value_deserialize_with_pspec(&parsed, value.c_str(), spec) &&
                    !g_param_value_validate(spec, &parsed);
  if (fits) g_object_set_property(G_OBJECT(element), spec->name, &parsed);
  g_value_unset(&parsed);
  if (!fits)
    throw Failure("'" + value + "' is no value of the property " + name + "; see gst-inspect-1.0 " +
                  kind);
}

std::string error_text(GstMessage* message) {
  GError* error = nullptr;
  gchar* debug = nullptr;
  gst_message_parse_error(message, &error, &debug);
  const Ptr<GError> owned_error(error);
  const Ptr<gchar> owned_debug(debug);
  std::string text = error->message;
  // The first line of the details is where in the sources it was; the others are for people.
  const char* details = debug ? std::strchr(debug, '\n') : nullptr;
  if (details && details[1]) text += std::string("\n  ") + (details + 1);
  if (g_error_matches(error, GST_STREAM_ERROR, GST_STREAM_ERROR_TYPE_NOT_FOUND) ||
      g_error_matches(error, GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE))
    text += "\n  It is no video or picture that GStreamer knows.";
  return text;
}

void only_video_and_audio(GstElement* uridecodebin) {
  g_signal_connect(uridecodebin, "source-setup", G_CALLBACK(source_setup), nullptr);
}

}  // namespace examples
