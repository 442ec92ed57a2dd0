// SPDX-License-Identifier: LGPL-2.1-or-later
// The RTSP relay as its users run it: the program, cameras on the network that fail in every way,
// and viewers, whose every picture is compared with what the camera showed.
#include <gio/gio.h>
#include <gst/app/app.h>
#include <gst/rtsp-server/rtsp-server.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <functional>
#include <mutex>
#include <opencv2/imgproc.hpp>
#include <thread>

#include "eval/scene.h"
#include "support/faces.h"
#include "support/pipeline.h"

namespace faceperturb::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::seconds;
using namespace std::chrono_literals;

constexpr int pictures_per_second = 10, bits = 7, block = 16;
constexpr Size camera_size{640, 360};
const cv::Size scene_size(camera_size.width, camera_size.height);

bool wait_until(const std::function<bool()>& done, std::chrono::milliseconds limit = 30s) {
  const auto start = Clock::now();
  while (!done()) {
    if (Clock::now() - start > limit) return false;
    std::this_thread::sleep_for(50ms);
  }
  return true;
}

// --- What the camera shows ---------------------------------------------------------------------

struct Shown {
  cv::Mat bgr, gray;
  std::vector<Rect> faces;  // those that are wholly in it
};

// The rendered scene, each picture with its number as black and white blocks in a corner.
const std::vector<Shown>& scene() {
  static const std::vector<Shown> pictures = [] {
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

constexpr char camera_password[] = "c4mera:pass@w";

/// A camera on the network, always at the same port; it may ask for the user "relay".
class Camera {
 public:
  explicit Camera(bool needs_login = false)
      : needs_login_(needs_login),
        context_(g_main_context_new()),
        loop_(g_main_loop_new(context_, FALSE)) {
    start();
    thread_ = std::thread([this] {
      g_main_context_push_thread_default(context_);
      g_main_loop_run(loop_);
      g_main_context_pop_thread_default(context_);
    });
    film_ = std::thread([this] { film(); });
  }
  ~Camera() {
    ends_ = true;
    film_.join();
    kill();
    g_main_loop_quit(loop_);
    thread_.join();
    g_main_loop_unref(loop_);
    g_main_context_unref(context_);
  }
  Camera(const Camera&) = delete;
  Camera& operator=(const Camera&) = delete;

  std::string address(const std::string& login = "") const {
    return "rtsp://" + login + "127.0.0.1:" + std::to_string(port_) + "/camera";
  }
  /// Serves again after kill().
  void start() {
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
  void kill() {
    g_source_destroy(source_);
    g_source_unref(source_);
    gst_rtsp_server_client_filter(
        server_, [](GstRTSPServer*, GstRTSPClient*, gpointer) { return GST_RTSP_FILTER_REMOVE; },
        nullptr);
    g_object_unref(server_);
  }

  std::atomic<int> last_sent = -1;    ///< number of the picture
  std::atomic<bool> frozen = false;   ///< sends nothing
  std::atomic<bool> garbage = false;  ///< sends H.264 with wrong bytes
  std::atomic<bool> small = false;    ///< sends pictures of 480x270

 private:
  void let_in() {
    GstRTSPAuth* auth = gst_rtsp_auth_new();
    gst_rtsp_auth_set_supported_methods(auth, GST_RTSP_AUTH_DIGEST);
    GstRTSPToken* token =
        gst_rtsp_token_new(GST_RTSP_TOKEN_MEDIA_FACTORY_ROLE, G_TYPE_STRING, "relay", nullptr);
    gst_rtsp_auth_add_digest(auth, "relay", camera_password, token);
    gst_rtsp_token_unref(token);
    gst_rtsp_server_set_auth(server_, auth);
    g_object_unref(auth);
  }
  static void on_media(GstRTSPMediaFactory*, GstRTSPMedia* media, gpointer data) {
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
  static GstPadProbeReturn spoil(GstPad*, GstPadProbeInfo* info, gpointer data) {
    if (!static_cast<Camera*>(data)->garbage) return GST_PAD_PROBE_OK;
    auto* buffer = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
    GST_PAD_PROBE_INFO_DATA(info) = buffer;
    GstMapInfo map;
    gst_buffer_map(buffer, &map, GST_MAP_READWRITE);
    for (gsize i = 40; i < map.size; i += 53)
      map.data[i] = static_cast<guint8>(i * 2654435761U >> 7);
    gst_buffer_unmap(buffer, &map);
    return GST_PAD_PROBE_OK;
  }
  void film() {
    for (std::size_t i = 0; !ends_; i = (i + 1) % scene().size()) {
      std::this_thread::sleep_for(1000ms / pictures_per_second);
      if (frozen) continue;
      last_sent = static_cast<int>(i);
      send(i);
    }
  }
  void send(std::size_t i) {
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

  const bool needs_login_;
  GMainContext* context_;
  GMainLoop* loop_;
  GstRTSPServer* server_ = nullptr;
  GSource* source_ = nullptr;
  int port_ = 0;
  std::mutex mutex_;
  ElementPtr out_;
  std::atomic<bool> ends_ = false;
  std::thread thread_, film_;
};

// --- What a viewer sees ------------------------------------------------------------------------

/// A viewer, who keeps watching, and judges every picture. As players do, it begins with a key
/// frame.
class Viewer {
 public:
  explicit Viewer(const std::string& address, const std::string& login = "")
      : pipeline_(
            "rtspsrc name=r protocols=tcp latency=0 " + login + " location=" + address +
            " ! rtph264depay ! video/x-h264,stream-format=byte-stream,alignment=au"
            " ! avdec_h264 name=d output-corrupt=false ! videoconvert ! video/x-raw,format=GRAY8"
            " ! fakesink name=s sync=false") {
    pipeline_.on_buffer("d", "sink", [this](GstPad*, GstBuffer* buffer) { count_headers(buffer); });
    pipeline_.on_buffer("s", "sink", [this](GstPad* pad, GstBuffer* buffer) { see(pad, buffer); });
    gst_element_set_state(pipeline_.element.get(), GST_STATE_PLAYING);
  }
  ~Viewer() { gst_element_set_state(pipeline_.element.get(), GST_STATE_NULL); }
  Viewer(const Viewer&) = delete;
  Viewer& operator=(const Viewer&) = delete;

  bool sees_pictures(int more = 10) const {
    const int wanted = pictures + more;
    return wait_until([&] { return pictures >= wanted; });
  }
  /// Whether black, and only black, comes for a second, after at most `limit`.
  bool sees_black(std::chrono::milliseconds limit) const {
    return wait_until([&] { return black_in_turn >= 5; }, limit + 1s);
  }
  std::string error() {
    const BusPtr bus(gst_element_get_bus(pipeline_.element.get()));
    const MessagePtr message(
        gst_bus_timed_pop_filtered(bus.get(), 10 * GST_SECOND, GST_MESSAGE_ERROR));
    return message ? error_text(message.get()) : "";
  }

  std::atomic<int> pictures = 0, black = 0, black_in_turn = 0, faces = 0;
  std::atomic<int> clear_faces = 0;
  std::atomic<int> unknown = 0;  ///< neither black nor a picture of the scene
  std::atomic<int> repeated = 0;
  std::atomic<int> first_after_black = -1;  ///< number of the picture
  std::atomic<int> width = 0;
  std::atomic<GstClockTime> last_time = 0;
  std::atomic<int> back_in_time = 0;
  std::atomic<int> key_frames = 0;
  std::atomic<int> cut_key_frames = 0;  ///< with a second header in their midst

 private:
  void count_headers(GstBuffer* buffer) {
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
  void see(GstPad* pad, GstBuffer* buffer) {
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
  void judge(const cv::Mat& seen, bool after_black) {
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
    repeated += std::exchange(last_, number) == number;
    const Shown& shown = scene()[number];
    for (const Rect& face : shown.faces) {
      ++faces;
      clear_faces += difference(shown.gray, seen, features(face)) < clear_limit;
    }
  }

  static constexpr double clear_limit = 10;
  std::size_t last_ = ~std::size_t{0};
  Pipeline pipeline_;
};

std::ostream& operator<<(std::ostream& out, const Viewer& viewer) {
  return out << viewer.pictures << " pictures, " << viewer.black << " black, " << viewer.unknown
             << " unknown, " << viewer.key_frames << " key frames\n";
}

// --- The relay ---------------------------------------------------------------------------------

int free_port() {
  GSocketListener* listener = g_socket_listener_new();
  const int port = g_socket_listener_add_any_inet_port(listener, nullptr, nullptr);
  g_object_unref(listener);
  return port;
}

std::string http(int port, const std::string& path) {
  GSocketClient* client = g_socket_client_new();
  GSocketConnection* connection = g_socket_client_connect_to_host(
      client, "127.0.0.1", static_cast<guint16>(port), nullptr, nullptr);
  g_object_unref(client);
  if (!connection) return "";
  const std::string request = "GET " + path + " HTTP/1.0\r\n\r\n";
  g_output_stream_write_all(g_io_stream_get_output_stream(G_IO_STREAM(connection)), request.data(),
                            request.size(), nullptr, nullptr, nullptr);
  std::string answer(1 << 16, '\0');
  gsize length = 0;
  g_input_stream_read_all(g_io_stream_get_input_stream(G_IO_STREAM(connection)), answer.data(),
                          answer.size(), &length, nullptr, nullptr);
  g_object_unref(connection);
  answer.resize(length);
  return answer;
}

/// The program, with its configuration in a file.
class Relay {
 public:
  Relay(const std::string& more_of_relay, const std::string& cameras) {
    write("relay.conf", "[relay]\nport=" + std::to_string(port) + "\nmetrics-port=" +
                            std::to_string(metrics_port) + "\n" + more_of_relay + "\n" + cameras);
    start({"--config", path("relay.conf")});
  }
  /// With arguments of its own.
  explicit Relay(const std::vector<std::string>& arguments) { start(arguments); }
  ~Relay() {
    if (process_) g_subprocess_force_exit(process_);
    g_clear_object(&process_);
  }
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string address(const std::string& camera) const {
    return "rtsp://127.0.0.1:" + std::to_string(port) + "/" + camera;
  }
  bool serves() const {
    return wait_until([&] { return !http(metrics_port, "/healthz").empty(); });
  }
  bool is_healthy() const {
    return wait_until(
        [&] { return http(metrics_port, "/healthz").find(" 200 ") != std::string::npos; });
  }
  /// A number of /metrics.
  double metric(const std::string& name) const {
    const std::string all = http(metrics_port, "/metrics"),
                      line = "\nfaceperturb_relay_" + name + " ";
    const auto at = all.find(line);
    return at == std::string::npos ? -1 : g_ascii_strtod(all.c_str() + at + line.size(), nullptr);
  }
  std::string log() const { return read_file(path("log")); }
  long resident_kilobytes() const {
    std::ifstream status("/proc/" + std::string(g_subprocess_get_identifier(process_)) + "/status");
    std::string word;
    long kilobytes = 0;
    while (status >> word)
      if (word == "VmRSS:") status >> kilobytes;
    return kilobytes;
  }
  /// Ends it as systemd does; its exit status, or -1 where it does not end in time.
  int end(std::chrono::milliseconds limit = 10s) {
    g_subprocess_send_signal(process_, SIGTERM);
    return wait(limit);
  }
  int wait(std::chrono::milliseconds limit = 20s) {
    const bool ended = wait_until([&] { return !g_subprocess_get_identifier(process_); }, limit);
    return ended && g_subprocess_get_if_exited(process_) ? g_subprocess_get_exit_status(process_)
                                                         : -1;
  }

  const int port = free_port(), metrics_port = free_port();

 private:
  void write(const std::string& name, const std::string& text) {
    std::ofstream(path(name)) << text;
    std::filesystem::permissions(path(name), std::filesystem::perms::owner_read);
  }
  void start(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), RELAY_PROGRAM);
    std::vector<const gchar*> argv;
    for (const auto& argument : arguments) argv.push_back(argument.c_str());
    argv.push_back(nullptr);
    GSubprocessLauncher* launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDERR_MERGE);
    g_subprocess_launcher_set_stdout_file_path(launcher, path("log").c_str());
    process_ = g_subprocess_launcher_spawnv(launcher, argv.data(), nullptr);
    g_object_unref(launcher);
  }

  TemporaryFolder folder_;
  GSubprocess* process_ = nullptr;
};

std::string camera_group(const std::string& name, const Camera& camera,
                         const std::string& more = "") {
  return "[camera " + name + "]\nsource=" + camera.address() +
         "\nfaceperturb.regions=face\nfaceperturb.lookahead=10\nblack-after=0.6\nreconnect-after="
         "4\n" +
         more + "\n";
}

void expect_no_clear_face(const Viewer& viewer) {
  EXPECT_EQ(viewer.clear_faces, 0)
      << "of " << viewer.faces << " faces in " << viewer.pictures << " pictures";
  EXPECT_GT(viewer.faces, 10);
  EXPECT_EQ(viewer.repeated, 0);
  EXPECT_EQ(viewer.back_in_time, 0);
  EXPECT_GT(viewer.key_frames, 0);
  EXPECT_EQ(viewer.cut_key_frames, 0);
}

// --- Tests -------------------------------------------------------------------------------------

// One camera dies and comes back; the viewers of both stay connected all the time.
TEST(Relay, ACameraThatIsKilledIsBlackUntilItIsBack) {
  Camera first, second;
  Relay relay("", camera_group("first", first) + camera_group("second", second));
  ASSERT_TRUE(relay.is_healthy()) << relay.log();
  Viewer of_first(relay.address("first")), of_second(relay.address("second"));
  ASSERT_TRUE(of_first.sees_pictures()) << of_first << relay.log();
  ASSERT_TRUE(of_second.sees_pictures()) << of_second << relay.log();
  EXPECT_EQ(of_first.unknown, 0);

  const double reconnects_of_second = relay.metric("reconnects_total{camera=\"second\"}");
  first.kill();
  EXPECT_TRUE(of_first.sees_black(2s));
  const int before = of_first.pictures;
  EXPECT_TRUE(wait_until([&] { return relay.metric("up{camera=\"first\"}") == 0; }));
  EXPECT_EQ(relay.metric("up{camera=\"second\"}"), 1);
  EXPECT_NE(http(relay.metrics_port, "/healthz").find(" 503 "), std::string::npos);
  EXPECT_TRUE(of_second.sees_pictures());
  EXPECT_EQ(of_first.pictures, before) << "a picture without a camera";

  first.start();
  EXPECT_TRUE(of_first.sees_pictures(20)) << relay.log();
  EXPECT_GE(relay.metric("reconnects_total{camera=\"first\"}"), 1);
  EXPECT_EQ(relay.metric("reconnects_total{camera=\"second\"}"), reconnects_of_second);
  EXPECT_GT(relay.metric("checked_frames_total{camera=\"first\"}"), 20);
  EXPECT_GT(relay.metric("faces_total{camera=\"first\"}"), 20);
  EXPECT_GT(relay.metric("black_frames_total{camera=\"first\"}"), 4);
  EXPECT_EQ(relay.metric("viewers"), 2);
  expect_no_clear_face(of_first);
  expect_no_clear_face(of_second);
  EXPECT_EQ(relay.end(), 0) << relay.log();
}

TEST(Relay, FrozenGarbledAndResizedCamerasShowNoFace) {
  Camera camera;
  Relay relay("", camera_group("c", camera));
  ASSERT_TRUE(relay.is_healthy()) << relay.log();
  Viewer viewer(relay.address("c"));
  ASSERT_TRUE(viewer.sees_pictures());

  // What the relay held back when the camera fell silent is not shown when it goes on.
  camera.frozen = true;
  EXPECT_TRUE(viewer.sees_black(2s));
  const int before = camera.last_sent, all = static_cast<int>(scene().size());
  camera.frozen = false;
  EXPECT_TRUE(viewer.sees_pictures()) << relay.log();
  const int later = (viewer.first_after_black - before + all) % all;
  EXPECT_GT(later, 0);
  EXPECT_LT(later, all - 15) << viewer.first_after_black << " after " << before;
  EXPECT_EQ(relay.metric("reconnects_total{camera=\"c\"}"), 0);

  camera.frozen = true;
  EXPECT_TRUE(viewer.sees_black(2s));
  // Longer than the relay waits before it opens the camera again.
  EXPECT_TRUE(
      wait_until([&] { return relay.log().find("no picture comes") != std::string::npos; }));
  camera.frozen = false;
  EXPECT_TRUE(viewer.sees_pictures()) << relay.log();

  camera.garbage = true;
  std::this_thread::sleep_for(3s);
  EXPECT_EQ(viewer.clear_faces, 0);
  camera.garbage = false;
  EXPECT_TRUE(viewer.sees_pictures()) << relay.log();

  camera.small = true;
  std::this_thread::sleep_for(3s);
  EXPECT_EQ(viewer.width, camera_size.width);
  camera.small = false;
  EXPECT_TRUE(viewer.sees_pictures()) << relay.log();
  expect_no_clear_face(viewer);
  camera.frozen = true;
  EXPECT_EQ(relay.end(), 0) << relay.log();
}

TEST(Relay, AsksViewersForTheirPasswordsAndTellsNobody) {
  const Camera camera(true);
  const TemporaryFolder folder;
  const std::string viewers = (folder / "viewers").string();
  std::ofstream(viewers) << "# who may look\nanna:s3cret viewer\n";
  std::filesystem::permissions(viewers, std::filesystem::perms::owner_read);
  Relay relay(
      "viewers-file=" + viewers,
      camera_group("right", camera, "user=relay\npassword=" + std::string(camera_password)) +
          camera_group("wrong", camera, "user=relay\npassword=wr0ng") +
          "[camera url]\nfaceperturb.regions=face\nsource=" +
          camera.address("relay:c4mera%3Apass%40w@"));
  EXPECT_TRUE(wait_until([&] { return relay.metric("up{camera=\"right\"}") == 1; })) << relay.log();
  EXPECT_TRUE(wait_until([&] { return relay.metric("up{camera=\"url\"}") == 1; })) << relay.log();
  EXPECT_EQ(relay.metric("up{camera=\"wrong\"}"), 0);

  EXPECT_NE(Viewer(relay.address("right")).error().find("Unauthorized"), std::string::npos);
  EXPECT_NE(Viewer(relay.address("right"), "user-id=anna user-pw=guess").error(), "");
  EXPECT_NE(Viewer(relay.address("right"), "user-id=relay user-pw=s3cret").error(), "");
  const Viewer anna(relay.address("right"), "user-id=anna user-pw=\"s3cret viewer\"");
  EXPECT_TRUE(anna.sees_pictures()) << anna << relay.log() << http(relay.metrics_port, "/metrics");
  expect_no_clear_face(anna);
  EXPECT_EQ(relay.end(), 0);
  const std::string log = relay.log();
  EXPECT_NE(log.find("camera wrong: "), std::string::npos) << log;
  for (const char* secret : {"s3cret", "c4mera", "wr0ng", "guess"})
    EXPECT_EQ(log.find(secret), std::string::npos) << log;
}

// Sends a request over RTSP and waits for the end of the answer's header.
std::string ask(GSocketConnection* connection, const std::string& request) {
  g_output_stream_write_all(g_io_stream_get_output_stream(G_IO_STREAM(connection)), request.data(),
                            request.size(), nullptr, nullptr, nullptr);
  std::string answer;
  char byte;
  while (!answer.ends_with("\r\n\r\n") &&
         g_input_stream_read(g_io_stream_get_input_stream(G_IO_STREAM(connection)), &byte, 1,
                             nullptr, nullptr) == 1)
    answer += byte;
  return answer;
}

// Asks for the stream on its own connection, and then does not read what comes.
GSocketConnection* stalled_viewer(int port, const std::string& address) {
  GSocket* socket =
      g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, nullptr);
  g_socket_set_option(socket, SOL_SOCKET, SO_RCVBUF, 4096, nullptr);
  GSocketConnection* connection = g_socket_connection_factory_create_connection(socket);
  g_object_unref(socket);
  GSocketAddress* to = g_inet_socket_address_new_from_string("127.0.0.1", static_cast<guint>(port));
  g_socket_connection_connect(connection, to, nullptr, nullptr);
  g_object_unref(to);
  const std::string setup =
      ask(connection, "SETUP " + address +
                          "/stream=0 RTSP/1.0\r\nCSeq: 1\r\n"
                          "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n");
  const auto at = setup.find("Session: ");
  EXPECT_NE(at, std::string::npos) << setup;
  const std::string session = setup.substr(at, setup.find_first_of(";\r", at) - at);
  const std::string play =
      ask(connection, "PLAY " + address + " RTSP/1.0\r\nCSeq: 2\r\n" + session + "\r\n\r\n");
  // The stream may begin before the answer does.
  EXPECT_TRUE(play.find("RTSP/1.0 200") != std::string::npos) << "PLAY was not answered";
  return connection;
}

TEST(Relay, AViewerWhoStallsHoldsUpNobody) {
  Camera camera;
  // Much to send, so that the network's buffers are soon full: about a megabyte a second.
  Relay relay("", camera_group("c", camera, "encoder.quantizer=0\nencoder.speed-preset=ultrafast"));
  ASSERT_TRUE(relay.is_healthy()) << relay.log();
  const Viewer viewer(relay.address("c"));
  ASSERT_TRUE(viewer.sees_pictures());
  std::vector<GSocketConnection*> stalled;
  for (int i = 0; i < 4; ++i) stalled.push_back(stalled_viewer(relay.port, relay.address("c")));
  ASSERT_TRUE(viewer.sees_pictures(20)) << relay.log();
  const long before = relay.resident_kilobytes();
  EXPECT_TRUE(viewer.sees_pictures(50)) << relay.log();
  // What the four do not take is four megabytes a second.
  EXPECT_LT(relay.resident_kilobytes(), before + 16 * 1024);
  expect_no_clear_face(viewer);
  EXPECT_EQ(relay.end(), 0);
  for (GSocketConnection* connection : stalled) g_object_unref(connection);
}

TEST(Relay, AnAddressAloneIsServedAtThePathThatItAlwaysHad) {
  Camera camera;
  const int port = free_port();
  Relay relay({"--port", std::to_string(port), camera.address()});
  const std::string address = "rtsp://127.0.0.1:" + std::to_string(port) + "/protected";
  ASSERT_TRUE(wait_until([&] { return relay.log().find(address) != std::string::npos; }));
  const Viewer viewer(address);
  EXPECT_TRUE(viewer.sees_pictures()) << relay.log();
  EXPECT_EQ(relay.end(), 0);
}

TEST(Relay, WhatIsWrongInTheFileIsSaidAtOnce) {
  struct Case {
    const char* relay;
    const char* camera;
    const char* message;
  };
  const std::string source = "source=rtsp://127.0.0.1:9/\n";
  for (const auto& [relay_text, camera_text, message] : {
           Case{"", "faceperturb.regoins=face", "camera c: faceperturb has no property 'regoins'"},
           Case{"", "faceperturb.method=glitter", "'glitter' is no value of the property method"},
           Case{"", "faceperturb.landmark-model=/nowhere", "landmark-model: '/nowhere'"},
           Case{"", "encoder.quantizer=most", "'most' is no value of the property quantizer"},
           Case{"", "preset=none", "faceperturb has no preset 'none'"},
           Case{"", "size=641x360", "[camera c] size: needs an even WIDTHxHEIGHT"},
           Case{"", "black-after=soon", "[camera c] black-after: needs a number"},
           Case{"", "pasword=s3cret", "[camera c] pasword: is unknown"},
           Case{"", "s3cret", "is no key file"},
           Case{"", "[camera d]\nsource=rtsp://127.0.0.1:9/\npath=c", "have the same path /c"},
           Case{"", "[camera d]", "[camera d] source: is missing"},
           Case{"viewers-file=/nowhere", "", "'/nowhere' cannot be read"},
           Case{"tls-certificate=/nowhere", "", "goes with tls-key"},
           Case{"tls-certificate=/nowhere\ntls-key=/nowhere", "", "tls-certificate '/nowhere'"},
           Case{"[cameras]", "", "the group [cameras] is unknown"},
           Case{"metrics-address=nowhere", "", "metrics-address needs an IP address"},
       }) {
    SCOPED_TRACE(message);
    Relay relay(relay_text, "[camera c]\n" + source + camera_text + "\n");
    EXPECT_EQ(relay.wait(), 1);
    EXPECT_NE(relay.log().find(message), std::string::npos) << relay.log();
    EXPECT_EQ(relay.log().find("s3cret"), std::string::npos);
  }
}

TEST(Relay, RefusesPasswordsThatEverybodyCanRead) {
  const TemporaryFolder folder;
  const std::string viewers = (folder / "viewers").string();
  std::ofstream(viewers) << "anna:s3cret\n";
  std::filesystem::permissions(viewers, std::filesystem::perms{0644});
  Relay relay("viewers-file=" + viewers, "[camera c]\nsource=rtsp://127.0.0.1:9/\n");
  EXPECT_EQ(relay.wait(), 1);
  EXPECT_NE(relay.log().find("everybody can read it"), std::string::npos) << relay.log();
}

}  // namespace
}  // namespace faceperturb::test
