// SPDX-License-Identifier: LGPL-2.1-or-later
#include "relay_network.h"

#include <gst/app/app.h>

#include <opencv2/imgproc.hpp>
#include <utility>

#include "eval/scene.h"
#include "support/faces.h"

namespace faceperturb::test {
namespace {

using namespace std::chrono_literals;

constexpr int pictures_per_second = 10, bits = 7, block = 16;
const cv::Size scene_size(camera_size.width, camera_size.height);
constexpr double clear_limit = 10;  // difference below which a face is as the camera showed it

}  // namespace

bool wait_until(const std::function<bool()>& done, std::chrono::milliseconds limit) {
#ifdef __SANITIZE_THREAD__
  limit *= 4;  // as it slows two live cameras down
#endif
  const auto start = std::chrono::steady_clock::now();
  while (!done()) {
    if (std::chrono::steady_clock::now() - start > limit) return false;
    std::this_thread::sleep_for(50ms);
  }
  return true;
}

const std::vector<Shown>& scene() {
  static const std::vector<Shown> pictures = [] {
#ifdef __SANITIZE_THREAD__
    cv::setNumThreads(1);  // it does not see how OpenCV's threads wait for each other
#endif
    std::vector<Shown> all;
    for (int i = 0; i < static_cast<int>(eval::scene_seconds * pictures_per_second); ++i) {
      const auto frame = eval::render_scene(scene_size, i / double{pictures_per_second});
      Shown shown{frame.bgr, {}, {}};
      for (int bit = 0; bit < bits; ++bit)
        shown.bgr(cv::Rect(bit * block, 0, block, block)) = cv::Scalar::all(i >> bit & 1 ? 255 : 0);
      cv::cvtColor(shown.bgr, shown.gray, cv::COLOR_BGR2GRAY);
      for (const auto& face : frame.faces)
        if (face.box.x > 0 && face.box.y > 0 &&
            face.box.x + face.box.width < static_cast<float>(scene_size.width) &&
            face.box.y + face.box.height < static_cast<float>(scene_size.height))
          shown.faces.push_back(face.box);
      all.push_back(std::move(shown));
    }
    return all;
  }();
  return pictures;
}

Camera::Camera(bool needs_login)
    : needs_login_(needs_login),
      context_(g_main_context_new()),
      loop_(g_main_loop_new(context_, FALSE)) {
  scene();  // which takes time, before anybody waits for it
  start();
  thread_ = std::thread([this] {
    g_main_context_push_thread_default(context_);
    g_main_loop_run(loop_);
    g_main_context_pop_thread_default(context_);
  });
  film_ = std::thread([this] { film(); });
}

Camera::~Camera() {
  ends_ = true;
  film_.join();
  kill();
  g_main_loop_quit(loop_);
  thread_.join();
  g_main_loop_unref(loop_);
  g_main_context_unref(context_);
}

std::string Camera::address(const std::string& login) const {
  return "rtsp://" + login + "127.0.0.1:" + std::to_string(port_) + "/camera";
}

void Camera::start() {
  server_ = gst_rtsp_server_new();
  gst_rtsp_server_set_address(server_, "127.0.0.1");
  gst_rtsp_server_set_service(server_, std::to_string(port_).c_str());
  if (needs_login_) let_in();
  GstRTSPMediaFactory* factory = gst_rtsp_media_factory_new();
  gst_rtsp_media_factory_set_launch(
      factory,
      "( appsrc name=film is-live=true do-timestamp=true format=time ! videoconvert ! "
      "video/x-raw,format=I420"
      " ! x264enc name=encoder speed-preset=ultrafast tune=zerolatency key-int-max=10 pass=quant"
      " quantizer=18 ! rtph264pay name=pay0 config-interval=-1 )");
  gst_rtsp_media_factory_set_shared(factory, TRUE);
  gst_rtsp_media_factory_add_role(factory, "relay", GST_RTSP_PERM_MEDIA_FACTORY_ACCESS,
                                  G_TYPE_BOOLEAN, TRUE, GST_RTSP_PERM_MEDIA_FACTORY_CONSTRUCT,
                                  G_TYPE_BOOLEAN, TRUE, nullptr);
  g_signal_connect(factory, "media-configure", G_CALLBACK(on_media), this);
  GstRTSPMountPoints* mounts = gst_rtsp_server_get_mount_points(server_);
  gst_rtsp_mount_points_add_factory(mounts, "/camera", factory);
  g_object_unref(mounts);
  source_ = gst_rtsp_server_create_source(server_, nullptr, nullptr);
  g_source_attach(source_, context_);
  port_ = gst_rtsp_server_get_bound_port(server_);
}

void Camera::kill() {
  g_source_destroy(source_);
  g_source_unref(source_);
  gst_rtsp_server_client_filter(
      server_, [](GstRTSPServer*, GstRTSPClient*, gpointer) { return GST_RTSP_FILTER_REMOVE; },
      nullptr);
  g_object_unref(server_);
}

void Camera::let_in() {
  GstRTSPAuth* auth = gst_rtsp_auth_new();
  gst_rtsp_auth_set_supported_methods(auth, GST_RTSP_AUTH_DIGEST);
  GstRTSPToken* token =
      gst_rtsp_token_new(GST_RTSP_TOKEN_MEDIA_FACTORY_ROLE, G_TYPE_STRING, "relay", nullptr);
  gst_rtsp_auth_add_digest(auth, "relay", camera_password, token);
  gst_rtsp_token_unref(token);
  gst_rtsp_server_set_auth(server_, auth);
  g_object_unref(auth);
}

void Camera::on_media(GstRTSPMediaFactory*, GstRTSPMedia* media, gpointer data) {
  auto& self = *static_cast<Camera*>(data);
  const ElementPtr bin(gst_rtsp_media_get_element(media));
  ElementPtr film(gst_bin_get_by_name(GST_BIN(bin.get()), "film"));
  const ElementPtr encoder(gst_bin_get_by_name(GST_BIN(bin.get()), "encoder"));
  GstPad* pad = gst_element_get_static_pad(encoder.get(), "src");
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, spoil, data, nullptr);
  gst_object_unref(pad);
  const std::lock_guard lock(self.mutex_);
  self.out_ = std::move(film);
}

GstPadProbeReturn Camera::spoil(GstPad*, GstPadProbeInfo* info, gpointer data) {
  if (!static_cast<Camera*>(data)->garbage) return GST_PAD_PROBE_OK;
  auto* buffer = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
  GST_PAD_PROBE_INFO_DATA(info) = buffer;
  GstMapInfo map;
  gst_buffer_map(buffer, &map, GST_MAP_READWRITE);
  for (gsize i = 40; i < map.size; i += 53) map.data[i] = static_cast<guint8>(i * 2654435761U >> 7);
  gst_buffer_unmap(buffer, &map);
  return GST_PAD_PROBE_OK;
}

void Camera::film() {
  for (std::size_t i = 0; !ends_; i = (i + 1) % scene().size()) {
    std::this_thread::sleep_for(1000ms / pictures_per_second);
    if (frozen) continue;
    last_sent = static_cast<int>(i);
    send(i);
  }
}

void Camera::send(std::size_t i) {
  cv::Mat picture = scene()[i].bgr;
  if (small) cv::resize(picture, picture, cv::Size(480, 270), 0, 0, cv::INTER_AREA);
  const CapsPtr caps(gst_caps_new_simple(
      "video/x-raw", "format", G_TYPE_STRING, "BGR", "width", G_TYPE_INT, picture.cols, "height",
      G_TYPE_INT, picture.rows, "framerate", GST_TYPE_FRACTION, pictures_per_second, 1, nullptr));
  GstBuffer* buffer = gst_buffer_new_memdup(picture.data, picture.total() * picture.elemSize());
  const std::lock_guard lock(mutex_);
  if (!out_) {
    gst_buffer_unref(buffer);
    return;
  }
  gst_app_src_set_caps(GST_APP_SRC(out_.get()), caps.get());
  gst_app_src_push_buffer(GST_APP_SRC(out_.get()), buffer);
}

Viewer::Viewer(const std::string& address, const std::string& login)
    : pipeline_(
          "rtspsrc name=r protocols=tcp latency=0 " + login + " location=" + address +
          " ! rtph264depay ! video/x-h264,stream-format=byte-stream,alignment=au"
          " ! avdec_h264 name=d output-corrupt=false ! videoconvert ! video/x-raw,format=GRAY8"
          " ! fakesink name=s sync=false") {
  pipeline_.on_buffer("d", "sink", [this](GstPad*, GstBuffer* buffer) { count_headers(buffer); });
  pipeline_.on_buffer("s", "sink", [this](GstPad* pad, GstBuffer* buffer) { see(pad, buffer); });
  gst_element_set_state(pipeline_.element.get(), GST_STATE_PLAYING);
}

Viewer::~Viewer() { gst_element_set_state(pipeline_.element.get(), GST_STATE_NULL); }

bool Viewer::sees_pictures(int more) const {
  const int wanted = pictures + more;
  return wait_until([&] { return pictures >= wanted; });
}

bool Viewer::sees_black(std::chrono::milliseconds limit) const {
  return wait_until([&] { return black_in_turn >= 5; }, limit + 1s);
}

std::string Viewer::error() {
  const BusPtr bus(gst_element_get_bus(pipeline_.element.get()));
  const MessagePtr message(
      gst_bus_timed_pop_filtered(bus.get(), 10 * GST_SECOND, GST_MESSAGE_ERROR));
  return message ? error_text(message.get()) : "";
}

void Viewer::count_headers(GstBuffer* buffer) {
  const auto bytes = bytes_of(buffer);
  bool in_key_frame = false, cut = false;
  for (std::size_t i = 0; i + 3 < bytes.size(); ++i) {
    if (bytes[i] != 0 || bytes[i + 1] != 0 || bytes[i + 2] != 1) continue;
    const int type = bytes[i + 3] & 31;
    in_key_frame = in_key_frame || type == 5;
    cut = cut || (in_key_frame && type == 7);
  }
  key_frames += in_key_frame;
  cut_key_frames += cut;
}

void Viewer::see(GstPad* pad, GstBuffer* buffer) {
  const CapsPtr caps(gst_pad_get_current_caps(pad));
  GstVideoInfo info;
  gst_video_info_from_caps(&info, caps.get());
  const Mapped mapped(info, buffer);
  const Frame view = mapped.view();
  const cv::Mat seen(view.height, view.width, CV_8UC1, view.planes[0].data,
                     static_cast<std::size_t>(view.planes[0].stride));
  width = view.width;
  if (GST_BUFFER_PTS(buffer) < last_time.exchange(GST_BUFFER_PTS(buffer))) ++back_in_time;
  double brightest;
  cv::minMaxLoc(seen, nullptr, &brightest);
  if (brightest < 40) {
    ++black;
    ++black_in_turn;
    return;
  }
  judge(seen, black_in_turn.exchange(0) > 0);
}

void Viewer::judge(const cv::Mat& seen, bool after_black) {
  std::size_t number = 0;
  for (int bit = 0; bit < bits; ++bit) {
    const cv::Rect middle(bit * block + 5, 5, 6, 6);
    if (cv::mean(seen(middle))[0] > 128) number |= std::size_t{1} << bit;
  }
  if (number >= scene().size() || seen.size() != scene()[number].gray.size()) {
    ++unknown;
    return;
  }
  if (after_black) first_after_black = static_cast<int>(number);
  ++pictures;
  const bool again = std::exchange(last_, number) == number;
  repeated += again && !after_black;  // a camera that comes back may be at any picture
  const Shown& shown = scene()[number];
  for (const Rect& face : shown.faces) {
    ++faces;
    clear_faces += difference(shown.gray, seen, features(face)) < clear_limit;
  }
}

std::ostream& operator<<(std::ostream& out, const Viewer& viewer) {
  return out << viewer.pictures << " pictures, " << viewer.black << " black, " << viewer.unknown
             << " unknown, " << viewer.key_frames << " key frames\n";
}

}  // namespace faceperturb::test
