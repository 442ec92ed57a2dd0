// SPDX-License-Identifier: LGPL-2.1-or-later

// Pulls a stream, for instance from a camera, and serves it over RTSP with protected faces. The
// stream is pulled while somebody watches, once for all who do.

#include <glib-unix.h>
#include <gst/gst.h>
#include <gst/rtsp-server/rtsp-server.h>

#include <cstdio>
#include <string>

#include "common/elements.h"
#include "common/failure.h"
#include "common/gst_ptr.h"

using examples::Failure;
using examples::Ptr;

namespace {

// What arrives faster than it is protected and encoded is dropped before that, so delay is bounded.
constexpr char launch[] =
    "( uridecodebin name=source force-sw-decoders=true source. ! video/x-raw ! "
    "queue leaky=downstream max-size-buffers=4 max-size-bytes=0 max-size-time=0 ! "
    "videoconvert ! faceperturb ! videoconvert ! video/x-raw,format=I420 ! "
    "x264enc tune=zerolatency speed-preset=veryfast pass=qual quantizer=23 key-int-max=50 ! "
    "rtph264pay name=pay0 pt=96 config-interval=-1 )";

struct Options {
  std::string uri;
  int port = 8554;
  std::string path = "/protected";
};

Options parse(int& argc, char**& argv) {
  Options options;
  gchar* path = nullptr;
  gchar** uris = nullptr;
  const GOptionEntry entries[] = {
      {"port", 'p', 0, G_OPTION_ARG_INT, &options.port, "TCP port to serve at; default 8554", "N"},
      {"path", 0, 0, G_OPTION_ARG_STRING, &path, "Path to serve at; default /protected", "/PATH"},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &uris, nullptr, nullptr},
      {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr}};
  const Ptr<GOptionContext> context(g_option_context_new("rtsp://CAMERA/..."));
  g_option_context_set_summary(context.get(), "Serves a stream again, with protected faces.");
  g_option_context_add_main_entries(context.get(), entries, nullptr);
  g_option_context_add_group(context.get(), gst_init_get_option_group());
  GError* error = nullptr;
  const bool parsed = g_option_context_parse(context.get(), &argc, &argv, &error);
  const Ptr<GError> owned_error(error);
  const Ptr<gchar> owned_path(path);
  if (uris && g_strv_length(uris) == 1) options.uri = uris[0];
  g_strfreev(uris);
  if (!parsed) throw Failure(error->message);
  if (!gst_uri_is_valid(options.uri.c_str()))
    throw Failure("one address such as rtsp://camera/stream is needed; see --help");
  if (options.port < 1 || options.port > 65535) throw Failure("--port needs 1 to 65535");
  if (path) options.path = path;
  if (options.path.empty() || options.path.front() != '/') options.path.insert(0, "/");
  return options;
}

void on_source(GstElement*, GstElement* source, gpointer) {
  if (g_object_class_find_property(G_OBJECT_GET_CLASS(source), "latency"))
    g_object_set(source, "latency", 200, nullptr);  // ms, for what the network disorders
}

void on_configure(GstRTSPMediaFactory*, GstRTSPMedia* media, gpointer uri) {
  const Ptr<GstElement> bin(gst_rtsp_media_get_element(media));
  const Ptr<GstElement> source(gst_bin_get_by_name(GST_BIN(bin.get()), "source"));
  g_object_set(source.get(), "uri", static_cast<const gchar*>(uri), nullptr);
  examples::only_video_and_audio(source.get());
  g_signal_connect(source.get(), "source-setup", G_CALLBACK(on_source), nullptr);
  // Sends frames when they are ready. Waiting for their time would make every frame late by the
  // time it takes to protect it, and the elements drop what is late.
  gst_rtsp_media_set_rate_control(media, FALSE);
}

// Says now what would otherwise fail when the first client comes.
void try_elements() {
  const Ptr<GstElement> pipeline(gst_pipeline_new(nullptr));
  GstBin* bin = GST_BIN(pipeline.get());
  for (const char* factory : {"uridecodebin", "videoconvert", "x264enc", "rtph264pay"})
    examples::add_element(bin, factory);
  GstElement* protector = examples::add_element(bin, "faceperturb");
  const auto result = gst_element_set_state(protector, GST_STATE_READY);
  const Ptr<GstBus> bus(gst_element_get_bus(pipeline.get()));
  std::string fault;
  if (result == GST_STATE_CHANGE_FAILURE) {
    GstMessage* message = gst_bus_pop_filtered(bus.get(), GST_MESSAGE_ERROR);
    fault = message ? examples::error_text(message) : "faceperturb cannot start";
    if (message) gst_message_unref(message);
  }
  gst_element_set_state(protector, GST_STATE_NULL);
  if (!fault.empty()) throw Failure(fault);
}

void run(Options options) {
  try_elements();
  GstRTSPServer* server = gst_rtsp_server_new();
  gst_rtsp_server_set_service(server, std::to_string(options.port).c_str());
  GstRTSPMediaFactory* factory = gst_rtsp_media_factory_new();
  gst_rtsp_media_factory_set_launch(factory, launch);
  gst_rtsp_media_factory_set_shared(factory, TRUE);
  g_signal_connect(factory, "media-configure", G_CALLBACK(on_configure), options.uri.data());
  GstRTSPMountPoints* mounts = gst_rtsp_server_get_mount_points(server);
  gst_rtsp_mount_points_add_factory(mounts, options.path.c_str(), factory);
  g_object_unref(mounts);
  const guint attached = gst_rtsp_server_attach(server, nullptr);
  if (attached == 0) {
    g_object_unref(server);
    throw Failure("port " + std::to_string(options.port) + " cannot be served; is it in use?");
  }
  std::printf("rtsp://127.0.0.1:%d%s\n", options.port, options.path.c_str());
  std::fflush(stdout);

  const Ptr<GMainLoop> loop(g_main_loop_new(nullptr, FALSE));
  for (const int signal : {SIGINT, SIGTERM})
    g_unix_signal_add(
        signal,
        [](gpointer data) -> gboolean {
          g_main_loop_quit(static_cast<GMainLoop*>(data));
          return G_SOURCE_CONTINUE;
        },
        loop.get());
  g_main_loop_run(loop.get());
  gst_rtsp_server_client_filter(
      server, [](GstRTSPServer*, GstRTSPClient*, gpointer) { return GST_RTSP_FILTER_REMOVE; },
      nullptr);
  g_source_remove(attached);
  g_object_unref(server);
}

}  // namespace

int main(int argc, char** argv) {
  g_set_prgname("faceperturb-rtsp-relay");
  try {
    run(parse(argc, argv));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "faceperturb-rtsp-relay: %s\n", error.what());
    return 1;
  }
}
