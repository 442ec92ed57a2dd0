// SPDX-License-Identifier: LGPL-2.1-or-later
// The RTSP relay as its users run it: the program, cameras on the network that fail in every way,
// and viewers, whose every picture is compared with what the camera showed.
#include <gio/gio.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>

#include "relay_network.h"
#include "support/faces.h"

namespace faceperturb::test {
namespace {

using namespace std::chrono_literals;

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
