// SPDX-License-Identifier: LGPL-2.1-or-later
#include "server.h"

#include <gst/video/video.h>

#include "common/elements.h"
#include "common/failure.h"
#include "common/gst_ptr.h"

namespace relay {

using examples::Failure;
using examples::Ptr;

namespace {

// The parser repeats the stream's parameters once a key frame. The payloader would do so before
// each of its slices, in the midst of it, and FFmpeg would take these for frames of their own.
constexpr char launch[] =
    "( appsrc name=feed is-live=true format=time do-timestamp=true max-buffers=4 max-bytes=0 "
    "leaky-type=downstream ! "
    "x264enc name=encoder tune=zerolatency speed-preset=veryfast pass=qual quantizer=23 "
    "key-int-max=50 ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 )";
constexpr char role[] = "viewer";
constexpr guint most_viewers = 100;
constexpr guint cleaning_interval = 5;  // seconds

void set_encoder(GstElement* encoder, const Properties& properties) {
  for (const auto& [name, value] : properties) examples::set_property(encoder, name, value);
}

// Says now what would otherwise fail when the first viewer comes.
void try_elements(const CameraConfig& camera) {
  try {
    const Ptr<GstElement> bin(gst_bin_new(nullptr));
    for (const char* factory : {"appsrc", "h264parse", "rtph264pay"})
      examples::add_element(GST_BIN(bin.get()), factory);
    set_encoder(examples::add_element(GST_BIN(bin.get()), "x264enc"), camera.encoder);
  } catch (const Failure& failure) {
    throw Failure("camera " + camera.name + ": " + failure.what());
  }
}

Ptr<GstElement> element_of(GstRTSPMedia* media, const char* name) {
  const Ptr<GstElement> bin(gst_rtsp_media_get_element(media));
  return Ptr<GstElement>(gst_bin_get_by_name(GST_BIN(bin.get()), name));
}

void on_unprepared(GstRTSPMedia* media, gpointer camera) {
  static_cast<Camera*>(camera)->feed().detach(element_of(media, "feed").get());
}

void on_configure(GstRTSPMediaFactory*, GstRTSPMedia* media, gpointer data) {
  auto& camera = *static_cast<Camera*>(data);
  set_encoder(element_of(media, "encoder").get(), camera.config().encoder);
  // Sends frames when they are ready. Waiting for their time would make every frame late by the
  // time it takes to encode it.
  gst_rtsp_media_set_rate_control(media, FALSE);
  g_signal_connect(media, "unprepared", G_CALLBACK(on_unprepared), data);
  camera.feed().attach(element_of(media, "feed").get());
}

// Who joins others, or comes late to what was sent meanwhile, needs a picture to begin with.
void on_play(GstRTSPClient*, GstRTSPContext* context, gpointer) {
  const Ptr<GstElement> feed =
      element_of(gst_rtsp_session_media_get_media(context->sessmedia), "feed");
  gst_element_send_event(
      feed.get(), gst_video_event_new_downstream_force_key_unit(
                      GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE, TRUE, 0));
}

void on_client(GstRTSPServer*, GstRTSPClient* client, gpointer) {
  g_signal_connect(client, "play-request", G_CALLBACK(on_play), nullptr);
}

}  // namespace

Server::Server(const Config& config, const std::vector<std::unique_ptr<Camera>>& cameras)
    : server_(gst_rtsp_server_new()), encrypted_(!config.certificate.empty()) {
  try {
    gst_rtsp_server_set_address(server_, config.address.c_str());
    gst_rtsp_server_set_service(server_, std::to_string(config.port).c_str());
    let_in(config);
    g_signal_connect(server_, "client-connected", G_CALLBACK(on_client), nullptr);
    for (const auto& camera : cameras) add(*camera);
    attached_ = gst_rtsp_server_attach(server_, nullptr);
    if (attached_ == 0)
      throw Failure("port " + std::to_string(config.port) + " cannot be served at " +
                    config.address + "; is it in use?");
  } catch (const Failure&) {
    g_object_unref(server_);
    throw;
  }
  GstRTSPSessionPool* sessions = gst_rtsp_server_get_session_pool(server_);
  gst_rtsp_session_pool_set_max_sessions(sessions, most_viewers);
  // Viewers that have gone without a word.
  cleaner_ = g_timeout_add_seconds_full(
      G_PRIORITY_DEFAULT, cleaning_interval,
      [](gpointer pool) -> gboolean {
        gst_rtsp_session_pool_cleanup(GST_RTSP_SESSION_POOL(pool));
        return G_SOURCE_CONTINUE;
      },
      sessions, g_object_unref);
}

Server::~Server() {
  g_source_remove(cleaner_);
  g_source_remove(attached_);
  gst_rtsp_server_client_filter(
      server_, [](GstRTSPServer*, GstRTSPClient*, gpointer) { return GST_RTSP_FILTER_REMOVE; },
      nullptr);
  g_object_unref(server_);
}

void Server::add(Camera& camera) {
  try_elements(camera.config());
  GstRTSPMediaFactory* factory = gst_rtsp_media_factory_new();
  gst_rtsp_media_factory_set_launch(factory, launch);
  gst_rtsp_media_factory_set_shared(factory, TRUE);
  // RTP over UDP would go in the clear.
  if (encrypted_) gst_rtsp_media_factory_set_protocols(factory, GST_RTSP_LOWER_TRANS_TCP);
  gst_rtsp_media_factory_add_role(factory, role, GST_RTSP_PERM_MEDIA_FACTORY_ACCESS, G_TYPE_BOOLEAN,
                                  TRUE, GST_RTSP_PERM_MEDIA_FACTORY_CONSTRUCT, G_TYPE_BOOLEAN, TRUE,
                                  nullptr);
  g_signal_connect(factory, "media-configure", G_CALLBACK(on_configure), &camera);
  GstRTSPMountPoints* mounts = gst_rtsp_server_get_mount_points(server_);
  gst_rtsp_mount_points_add_factory(mounts, camera.config().path.c_str(), factory);
  g_object_unref(mounts);
}

void Server::let_in(const Config& config) {
  if (config.viewers.empty() && !encrypted_) return;
  const std::unique_ptr<GstRTSPAuth, decltype(&g_object_unref)> auth(gst_rtsp_auth_new(),
                                                                     g_object_unref);
  GstRTSPToken* token =
      gst_rtsp_token_new(GST_RTSP_TOKEN_MEDIA_FACTORY_ROLE, G_TYPE_STRING, role, nullptr);
  // Basic authentication sends the password as it is.
  gst_rtsp_auth_set_supported_methods(auth.get(), GST_RTSP_AUTH_DIGEST);
  for (const auto& [user, password] : config.viewers)
    gst_rtsp_auth_add_digest(auth.get(), user.c_str(), password.c_str(), token);
  if (config.viewers.empty()) gst_rtsp_auth_set_default_token(auth.get(), token);
  gst_rtsp_token_unref(token);
  if (encrypted_) {
    GError* error = nullptr;
    GTlsCertificate* certificate =
        g_tls_certificate_new_from_files(config.certificate.c_str(), config.key.c_str(), &error);
    if (!certificate) {
      const Ptr<GError> owned(error);
      throw Failure("tls-certificate '" + config.certificate + "', tls-key '" + config.key +
                    "': " + error->message);
    }
    gst_rtsp_auth_set_tls_certificate(auth.get(), certificate);
    g_object_unref(certificate);
  }
  gst_rtsp_server_set_auth(server_, auth.get());
}

std::size_t Server::viewers() const {
  GList* clients = gst_rtsp_server_client_filter(server_, nullptr, nullptr);
  const std::size_t count = g_list_length(clients);
  g_list_free_full(clients, g_object_unref);
  return count;
}

}  // namespace relay
