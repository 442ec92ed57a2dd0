// SPDX-License-Identifier: LGPL-2.1-or-later

// Pulls streams from cameras and serves them over RTSP with protected faces.

#include <glib-unix.h>
#include <gst/gst.h>

#include <clocale>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "camera.h"
#include "common/failure.h"
#include "common/gst_ptr.h"
#include "config.h"
#include "metrics.h"
#include "server.h"

using examples::Failure;
using examples::Ptr;

namespace {

relay::Config parse(int& argc, char**& argv) {
  int port = 0, metrics_port = 0;
  gchar *address = nullptr, *file = nullptr, *path = nullptr;
  gchar** uris = nullptr;
  const GOptionEntry entries[] = {
      {"config", 'c', 0, G_OPTION_ARG_FILENAME, &file, "Read cameras and settings from a file",
       "FILE"},
      {"address", 'a', 0, G_OPTION_ARG_STRING, &address,
       "Address to serve at; default 127.0.0.1, 0.0.0.0: all", "IP"},
      {"port", 'p', 0, G_OPTION_ARG_INT, &port, "TCP port to serve at; default 8554", "N"},
      {"path", 0, 0, G_OPTION_ARG_STRING, &path, "Path to serve at; default /protected", "/PATH"},
      {"metrics-port", 'm', 0, G_OPTION_ARG_INT, &metrics_port,
       "HTTP port for /healthz and /metrics; default: none", "N"},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &uris, nullptr, nullptr},
      {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr}};
  const Ptr<GOptionContext> context(g_option_context_new("[rtsp://CAMERA/...]"));
  g_option_context_set_summary(context.get(),
                               "Serves the streams of cameras again, with protected faces: the one "
                               "at the address, or those of\nthe file. Options go before what the "
                               "file says.");
  g_option_context_add_main_entries(context.get(), entries, nullptr);
  g_option_context_add_group(context.get(), gst_init_get_option_group());
  GError* error = nullptr;
  const bool parsed = g_option_context_parse(context.get(), &argc, &argv, &error);
  const Ptr<GError> owned_error(error);
  const Ptr<gchar> owned_address(address), owned_file(file), owned_path(path);
  const Ptr<gchar*> owned_uris(uris);
  if (!parsed) throw Failure(error->message);
  const guint count = uris ? g_strv_length(uris) : 0;
  if (count + (file ? 1 : 0) != 1)
    throw Failure(
        "one address such as rtsp://camera/stream, or --config FILE, is needed; see "
        "--help");
  if (file && path) throw Failure("--path goes with an address; a file says the path itself");

  relay::Config config;
  if (file) {
    config = relay::read_config(file);
  } else {
    config.cameras.push_back(relay::camera_at("protected", uris[0]));
    if (path) config.cameras.front().path = relay::absolute(path);
  }
  if (address) config.address = address;
  if (port != 0) config.port = relay::checked_port(port, "--port");
  if (metrics_port != 0) config.metrics_port = relay::checked_port(metrics_port, "--metrics-port");
  return config;
}

void run(const relay::Config& config) {
  std::vector<std::unique_ptr<relay::Camera>> cameras;
  for (const auto& camera : config.cameras)
    cameras.push_back(std::make_unique<relay::Camera>(camera));
  const relay::Server server(config, cameras);
  std::unique_ptr<relay::Metrics> metrics;
  if (config.metrics_port != 0) metrics = std::make_unique<relay::Metrics>(config, cameras, server);
  for (const auto& camera : cameras) {
    camera->start();
    std::printf("%s://%s:%d%s\n", config.certificate.empty() ? "rtsp" : "rtsps",
                config.address.c_str(), config.port, camera->config().path.c_str());
  }
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
  for (const auto& camera : cameras) camera->stop();  // all at once; then each is waited for
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_ALL, "");
  g_set_prgname("faceperturb-rtsp-relay");
  try {
    run(parse(argc, argv));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "faceperturb-rtsp-relay: %s\n", error.what());
    return 1;
  }
}
