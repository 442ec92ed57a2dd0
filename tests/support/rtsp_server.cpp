// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/rtsp_server.h"

namespace faceperturb::test {
namespace {

// Like a camera's, its stream says no end: at a said end rtpjitterbuffer stops by the clock, and a
// client on a busy machine loses the packets that are still in it.
struct EndlessMedia {
  GstRTSPMedia media;
};
struct EndlessMediaClass {
  GstRTSPMediaClass media_class;
};
G_DEFINE_TYPE(EndlessMedia, endless_media, GST_TYPE_RTSP_MEDIA)

void endless_media_init(EndlessMedia*) {}

void endless_media_class_init(EndlessMediaClass* klass) {
  klass->media_class.query_stop = [](GstRTSPMedia*, gint64*) -> gboolean { return FALSE; };
}

}  // namespace

RtspServer::RtspServer(const std::string& file, const std::string& codec)
    : context_(g_main_context_new()),
      loop_(g_main_loop_new(context_, FALSE)),
      server_(gst_rtsp_server_new()) {
  gst_rtsp_server_set_address(server_, "127.0.0.1");
  gst_rtsp_server_set_service(server_, "0");
  GstRTSPMediaFactory* factory = gst_rtsp_media_factory_new();
  const std::string launch = "( filesrc location=" + file + " ! matroskademux ! " + codec +
                             "parse ! rtp" + codec + "pay name=pay0 pt=96 config-interval=-1 )";
  gst_rtsp_media_factory_set_launch(factory, launch.c_str());
  gst_rtsp_media_factory_set_media_gtype(factory, endless_media_get_type());
  GstRTSPMountPoints* mounts = gst_rtsp_server_get_mount_points(server_);
  gst_rtsp_mount_points_add_factory(mounts, "/camera", factory);
  g_object_unref(mounts);
  source_ = gst_rtsp_server_attach(server_, context_);
  thread_ = std::thread([this] {
    g_main_context_push_thread_default(context_);
    g_main_loop_run(loop_);
    g_main_context_pop_thread_default(context_);
  });
}

RtspServer::~RtspServer() {
  g_main_context_invoke(
      context_,
      [](gpointer loop) -> gboolean {
        g_main_loop_quit(static_cast<GMainLoop*>(loop));
        return G_SOURCE_REMOVE;
      },
      loop_);
  thread_.join();
  if (runs()) g_source_destroy(g_main_context_find_source_by_id(context_, source_));
  g_object_unref(server_);
  g_main_loop_unref(loop_);
  g_main_context_unref(context_);
}

bool RtspServer::serves() const {
  GList* clients = gst_rtsp_server_client_filter(server_, nullptr, nullptr);
  g_list_free_full(clients, g_object_unref);
  return clients;
}

void RtspServer::break_off() {
  g_source_destroy(g_main_context_find_source_by_id(context_, source_));
  source_ = 0;
  gst_rtsp_server_client_filter(
      server_,
      [](GstRTSPServer*, GstRTSPClient* client, gpointer) {
        gst_rtsp_connection_close(gst_rtsp_client_get_connection(client));
        return GST_RTSP_FILTER_REMOVE;
      },
      nullptr);
}

std::string RtspServer::address() const {
  return "rtsp://127.0.0.1:" + std::to_string(gst_rtsp_server_get_bound_port(server_)) + "/camera";
}

}  // namespace faceperturb::test
