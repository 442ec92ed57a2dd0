// SPDX-License-Identifier: LGPL-2.1-or-later
// A camera on the network, as a user has it: here its server runs in this process, on loopback.
#include <gst/rtsp-server/rtsp-server.h>
#include <gtest/gtest.h>

#include <thread>

#include "support/faces.h"
#include "support/pipeline.h"

namespace faceperturb::test {
namespace {

// Serves one H.264 file at rtsp://127.0.0.1:<any free port>/camera.
class Server {
 public:
  explicit Server(const std::string& file)
      : context_(g_main_context_new()),
        loop_(g_main_loop_new(context_, FALSE)),
        server_(gst_rtsp_server_new()) {
    gst_rtsp_server_set_address(server_, "127.0.0.1");
    gst_rtsp_server_set_service(server_, "0");
    GstRTSPMediaFactory* factory = gst_rtsp_media_factory_new();
    const std::string launch = "( filesrc location=" + file +
                               " ! matroskademux ! h264parse"
                               " ! rtph264pay name=pay0 pt=96 config-interval=-1 )";
    gst_rtsp_media_factory_set_launch(factory, launch.c_str());
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
  ~Server() {
    g_main_context_invoke(
        context_,
        [](gpointer loop) -> gboolean {
          g_main_loop_quit(static_cast<GMainLoop*>(loop));
          return G_SOURCE_REMOVE;
        },
        loop_);
    thread_.join();
    if (GSource* source = g_main_context_find_source_by_id(context_, source_))
      g_source_destroy(source);
    g_object_unref(server_);
    g_main_loop_unref(loop_);
    g_main_context_unref(context_);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  bool runs() const { return source_ != 0; }
  std::string address() const {
    return "rtsp://127.0.0.1:" + std::to_string(gst_rtsp_server_get_bound_port(server_)) +
           "/camera";
  }

 private:
  GMainContext* context_;
  GMainLoop* loop_;
  GstRTSPServer* server_;
  guint source_ = 0;
  std::thread thread_;
};

TEST(Rtsp, AStreamIsProtectedToItsEnd) {
  constexpr int pictures = 30;
  const TemporaryFolder folder;
  const std::string in = (folder / "scene.mkv").string(), out = (folder / "out.mp4").string();
  write_scene(in, {640, 360}, pictures, 5);
  const Server server(in);
  ASSERT_TRUE(server.runs()) << "no port on 127.0.0.1";
  Pipeline pipeline("rtspsrc location=" + server.address() +
                    " protocols=tcp ! decodebin ! videoconvert"
                    " ! faceperturb name=f min-face-size=60"
                    " ! x264enc speed-preset=ultrafast tune=zerolatency ! mp4mux"
                    " ! filesink location=" +
                    out);
  const Watch watch(pipeline);
  ASSERT_EQ(pipeline.run(std::chrono::seconds(60)), "");
  EXPECT_EQ(watch.frames, pictures);
  EXPECT_GT(watch.faces.size(), std::size_t{pictures});
  expect_protected(decode(in), decode(out), watch);
}

}  // namespace
}  // namespace faceperturb::test
