// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/rtsp-server/rtsp-server.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <opencv2/core.hpp>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "frame/frame.h"
#include "support/pipeline.h"

namespace faceperturb::test {

/// Waits for `done` to be true; whether it was within `limit`.
bool wait_until(const std::function<bool()>& done,
                std::chrono::milliseconds limit = std::chrono::seconds(30));

/// Of a camera's pictures, in pixels.
constexpr Size camera_size{640, 360};
/// What a camera asks for the user "relay".
constexpr char camera_password[] = "c4mera:pass@w";

/// What a camera shows.
struct Shown {
  cv::Mat bgr, gray;
  std::vector<Rect> faces;  ///< those that are wholly in it
};

/// The rendered scene, each picture with its number as black and white blocks in a corner.
const std::vector<Shown>& scene();

/// A camera on the network, always at the same port, that shows scene() in a loop, ten pictures a
/// second; it may ask for the user "relay".
class Camera {
 public:
  explicit Camera(bool needs_login = false);
  ~Camera();
  Camera(const Camera&) = delete;
  Camera& operator=(const Camera&) = delete;

  std::string address(const std::string& login = "") const;
  /// Serves again after kill().
  void start();
  void kill();

  std::atomic<int> last_sent = -1;    ///< number of the picture
  std::atomic<bool> frozen = false;   ///< sends nothing
  std::atomic<bool> garbage = false;  ///< sends H.264 with wrong bytes
  std::atomic<bool> small = false;    ///< sends pictures of 480x270

 private:
  void let_in();
  static void on_media(GstRTSPMediaFactory*, GstRTSPMedia* media, gpointer data);
  static GstPadProbeReturn spoil(GstPad*, GstPadProbeInfo* info, gpointer data);
  void film();
  void send(std::size_t number);

  const bool needs_login_;
  GMainContext* context_;
  GMainLoop* loop_;
  GstRTSPServer* server_ = nullptr;
  GSource* source_ = nullptr;
  int port_ = 0;
  std::mutex mutex_;
  ElementPtr out_;  // under the mutex
  std::atomic<bool> ends_ = false;
  std::thread thread_, film_;
};

/// A viewer, who keeps watching, and judges every picture against scene(). As players do, it begins
/// with a key frame.
class Viewer {
 public:
  explicit Viewer(const std::string& address, const std::string& login = "");
  ~Viewer();
  Viewer(const Viewer&) = delete;
  Viewer& operator=(const Viewer&) = delete;

  bool sees_pictures(int more = 10) const;
  /// Whether black, and only black, comes for a second, after at most `limit`.
  bool sees_black(std::chrono::milliseconds limit) const;
  /// What ended it; empty where nothing did within ten seconds.
  std::string error();

  std::atomic<int> pictures = 0, black = 0, black_in_turn = 0, faces = 0;
  std::atomic<int> clear_faces = 0;
  std::atomic<int> unknown = 0;             ///< neither black nor a picture of the scene
  std::atomic<int> repeated = 0;            ///< with no black between
  std::atomic<int> first_after_black = -1;  ///< number of the picture
  std::atomic<int> width = 0;
  std::atomic<GstClockTime> last_time = 0;
  std::atomic<int> back_in_time = 0;
  std::atomic<int> key_frames = 0;
  std::atomic<int> cut_key_frames = 0;  ///< with a second header in their midst

 private:
  void count_headers(GstBuffer* buffer);
  void see(GstPad* pad, GstBuffer* buffer);
  void judge(const cv::Mat& seen, bool after_black);

  std::size_t last_ = ~std::size_t{0};
  Pipeline pipeline_;
};

std::ostream& operator<<(std::ostream& out, const Viewer& viewer);

}  // namespace faceperturb::test
