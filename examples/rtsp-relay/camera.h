// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/app/app.h>
#include <gst/gst.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "common/gst_ptr.h"
#include "config.h"
#include "feed.h"

namespace relay {

/// What the element faceperturb counts, by the names in its stats.
inline constexpr std::array stat_names{"frames", "faces", "checked", "held", "covered", "dropped"};

struct Counts {
  bool up;  ///< frames come
  std::array<std::uint64_t, stat_names.size()> stats;
  std::uint64_t late;        ///< frames left out because they came faster than they were protected
  std::uint64_t reconnects;  ///< times that the source was opened again
  std::uint64_t black_frames;
  std::uint64_t shown;     ///< protected frames given to the viewers
  double latency_seconds;  ///< sum over `shown`: from when a frame was due to when it was protected
};

/// Pulls from one camera, in a thread of its own, protects, and gives to its feed:
///
///   uridecodebin ! queue ! videoconvert ! faceperturb ! videoconvert ! videoscale ! appsink
///
/// Whatever ends the source, or when it falls silent, the feed goes black and the source is opened
/// again, after a second at first, after half a minute at last.
class Camera {
 public:
  /// Throws a Failure, which names the camera, where its pipeline cannot work.
  explicit Camera(CameraConfig config);
  ~Camera();
  Camera(const Camera&) = delete;
  Camera& operator=(const Camera&) = delete;

  void start();
  /// Asks for the end; the destructor waits for it.
  void stop();

  const CameraConfig& config() const { return config_; }
  Feed& feed() { return feed_; }
  Counts counts() const;

 private:
  using Clock = std::chrono::steady_clock;

  void build();
  void load_models();
  void run();
  std::string play();
  void open_source();
  void close_source();
  bool silent(Clock::time_point opened) const;
  bool stopping() const;
  void say(const std::string& text) const;

  static void on_source(GstElement*, GstElement* source, gpointer self);
  static void on_element(GstBin*, GstBin*, GstElement* element, gpointer self);
  static void on_pad(GstElement*, GstPad* pad, gpointer self);
  static GstPadProbeReturn on_arrival(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn on_size(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstFlowReturn on_frame(GstAppSink* sink, gpointer self);

  const CameraConfig config_;
  Feed feed_;
  examples::Ptr<GstElement> pipeline_;
  GstElement* source_ = nullptr;  // the pipeline owns these
  GstElement* queue_ = nullptr;
  GstElement* protector_ = nullptr;
  GstElement* filter_ = nullptr;
  GstElement* sink_ = nullptr;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  bool playing_ = false;
  Counts past_{};  // of the connections before this one, and what the element does not count
  std::atomic<Clock::rep> last_frame_ = 0, last_arrival_ = 0;
  std::atomic<GstClockTime> fresh_from_ = 0;
  std::atomic<std::uint64_t> late_ = 0;
  std::thread thread_;
};

}  // namespace relay
