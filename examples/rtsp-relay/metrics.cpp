// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metrics.h"

#include <functional>

#include "common/failure.h"
#include "common/gst_ptr.h"

namespace relay {

using examples::Failure;
using examples::Ptr;

namespace {

// A label's value, as the format wants it.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string decimal(double value) {
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];
  return g_ascii_dtostr(buffer, sizeof buffer, value);
}

struct Metric {
  std::string name;
  const char* type;
  std::string help;
  std::function<std::string(const Counts&)> value;
};

std::vector<Metric> make_metrics() {
  const auto count = [](std::uint64_t Counts::*member) {
    return [member](const Counts& counts) { return std::to_string(counts.*member); };
  };
  std::vector<Metric> metrics{
      {"up", "gauge", "Whether pictures come from the camera.",
       [](const Counts& counts) { return std::string(counts.up ? "1" : "0"); }},
      {"reconnects_total", "counter", "Times the camera was opened again.",
       count(&Counts::reconnects)},
      {"late_frames_total", "counter", "Frames left out: they came faster than they are protected.",
       count(&Counts::late)},
      {"black_frames_total", "counter", "Black frames made while no picture came.",
       count(&Counts::black_frames)},
      {"latency_seconds_count", "counter", "Frames given to the viewers.", count(&Counts::shown)},
      {"latency_seconds_sum", "counter",
       "Time from when they were due to when they were protected.",
       [](const Counts& counts) { return decimal(counts.latency_seconds); }},
  };
  for (std::size_t i = 0; i < stat_names.size(); ++i) {
    const std::string stat = stat_names[i];
    const bool of_frames = stat != "frames" && stat != "faces";
    metrics.push_back({stat + (of_frames ? "_frames_total" : "_total"), "counter",
                       "What faceperturb counts as " + stat + ".",
                       [i](const Counts& counts) { return std::to_string(counts.stats[i]); }});
  }
  return metrics;
}

}  // namespace

Metrics::Metrics(const Config& config, const std::vector<std::unique_ptr<Camera>>& cameras,
                 const Server& server)
    : cameras_(cameras), server_(server), http_(soup_server_new(nullptr, nullptr)) {
  const auto port = static_cast<guint16>(config.metrics_port);
  GError* error = nullptr;
  GSocketAddress* address =
      g_inet_socket_address_new_from_string(config.metrics_address.c_str(), port);
  const bool listens =
      address &&
      soup_server_listen(http_, address, static_cast<SoupServerListenOptions>(0), &error);
  g_clear_object(&address);
  if (!listens) {
    const Ptr<GError> owned(error);
    g_object_unref(http_);
    throw Failure("metrics cannot be served at " + config.metrics_address + ", port " +
                  std::to_string(port) + ": " +
                  (error ? error->message : "metrics-address needs an IP address"));
  }
  soup_server_add_handler(
      http_, nullptr,
      [](SoupServer*, SoupServerMessage* message, const char* path, GHashTable*, gpointer data) {
        const auto& self = *static_cast<const Metrics*>(data);
        const std::string method = soup_server_message_get_method(message), wanted = path;
        bool well = true;
        std::string body;
        if (method != "GET" && method != "HEAD") {
          soup_server_message_set_status(message, SOUP_STATUS_METHOD_NOT_ALLOWED, nullptr);
          return;
        }
        if (wanted == "/healthz") {
          body = self.health(well);
        } else if (wanted == "/metrics") {
          body = self.text();
        } else {
          soup_server_message_set_status(message, SOUP_STATUS_NOT_FOUND, nullptr);
          return;
        }
        soup_server_message_set_status(
            message, well ? SOUP_STATUS_OK : SOUP_STATUS_SERVICE_UNAVAILABLE, nullptr);
        soup_server_message_set_response(message, "text/plain; version=0.0.4; charset=utf-8",
                                         SOUP_MEMORY_COPY, body.data(), body.size());
      },
      this, nullptr);
}

Metrics::~Metrics() {
  soup_server_disconnect(http_);
  g_object_unref(http_);
}

std::string Metrics::health(bool& well) const {
  std::string text;
  for (const auto& camera : cameras_) {
    const bool up = camera->counts().up;
    well = well && up;
    text += camera->config().name + (up ? " up\n" : " down\n");
  }
  return text;
}

std::string Metrics::text() const {
  std::vector<Counts> counts;
  for (const auto& camera : cameras_) counts.push_back(camera->counts());
  const std::string prefix = "faceperturb_relay_";
  std::string text = "# HELP " + prefix + "viewers Connected clients.\n# TYPE " + prefix +
                     "viewers gauge\n" + prefix + "viewers " + std::to_string(server_.viewers()) +
                     "\n";
  for (const Metric& metric : make_metrics()) {
    const std::string name = prefix + metric.name;
    text += "# HELP " + name + " " + metric.help + "\n# TYPE " + name + " " + metric.type + "\n";
    for (std::size_t i = 0; i < counts.size(); ++i)
      text += name + "{camera=" + quoted(cameras_[i]->config().name) + "} " +
              metric.value(counts[i]) + "\n";
  }
  return text;
}

}  // namespace relay
