// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements.h"

#include <gst/video/video.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

#include "rig.h"
#include "samples.h"

namespace bench {
namespace {

constexpr char cascade[] = "/usr/share/opencv4/haarcascades/haarcascade_frontalface_default.xml";

// The picture as a buffer of the format's usual layout.
Ptr<GstBuffer> to_buffer(const cv::Mat& bgr, const GstVideoInfo& info) {
  Ptr<GstBuffer> buffer(gst_buffer_new_allocate(nullptr, info.size, nullptr));
  cv::Mat rows;  // all planes, rows without padding
  const bool rgb = GST_VIDEO_INFO_FORMAT(&info) == GST_VIDEO_FORMAT_RGB;
  cv::cvtColor(bgr, rows, rgb ? cv::COLOR_BGR2RGB : cv::COLOR_BGR2YUV_I420);
  const std::uint8_t* from = rows.ptr();
  GstVideoFrame frame;
  gst_video_frame_map(&frame, &info, buffer.get(), GST_MAP_WRITE);
  for (guint p = 0; p < GST_VIDEO_FRAME_N_PLANES(&frame); ++p) {
    const auto width = static_cast<std::size_t>(GST_VIDEO_FRAME_COMP_WIDTH(&frame, p) *
                                                GST_VIDEO_FRAME_COMP_PSTRIDE(&frame, p));
    auto* to = static_cast<std::uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, p));
    for (int y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT(&frame, p); ++y, from += width)
      std::copy_n(from, width, to + y * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, p));
  }
  gst_video_frame_unmap(&frame);
  return buffer;
}

// What the stats property has counted.
struct Counts {
  guint64 frames = 0, faces = 0, detect = 0, track = 0, perturb = 0;
};

Counts counts(GstElement* element) {
  GstStructure* stats = nullptr;
  g_object_get(element, "stats", &stats, nullptr);
  const Ptr<GstStructure> owned(stats);
  Counts c;
  gst_structure_get(stats, "frames", G_TYPE_UINT64, &c.frames, "faces", G_TYPE_UINT64, &c.faces,
                    "detect-time", G_TYPE_UINT64, &c.detect, "track-time", G_TYPE_UINT64, &c.track,
                    "perturb-time", G_TYPE_UINT64, &c.perturb, nullptr);
  return c;
}

// One element at one size.
class Contender {
 public:
  Contender(const char* factory, GstVideoFormat format) : name_(factory), format_(format) {}

  void start(const Pictures& pictures, cv::Size size) {
    Ptr<GstElement> element(gst_element_factory_make(name_, nullptr));
    if (!element) {
      absent_ = std::string(name_) == "faceblur" ? "not installed (gstreamer1.0-opencv)"
                                                 : "not installed (is GST_PLUGIN_PATH set?)";
      return;
    }
    gst_object_ref_sink(element.get());
    if (std::string(name_) == "faceblur") {
      if (!std::filesystem::exists(cascade)) {
        absent_ = "no cascade file (opencv-data)";
        return;
      }
      // Its own default does not exist, and then it passes every frame unchanged.
      g_object_set(element.get(), "profile", cascade, nullptr);
    }
    GstVideoInfo info;
    gst_video_info_set_format(&info, format_, static_cast<guint>(size.width),
                              static_cast<guint>(size.height));
    info.fps_n = 25;
    info.fps_d = 1;
    for (const auto& picture : pictures.bgr)
      frames_.push_back(to_buffer(fitted(picture, size), info));
    const Ptr<GstCaps> caps(gst_video_info_to_caps(&info));
    rig_ = std::make_unique<Rig>(std::move(element), caps.get());
    rig_->push(next_frames(30));  // what is made at first, or held back, does not count
    if (ours()) before_ = counts(rig_->element());
  }

  // Some frames in a row, as long as `milliseconds` are not used up.
  void run(int frames, double milliseconds) {
    if (!rig_) return;
    constexpr int batch = 50;
    double used = 0;
    for (int i = 0; i < frames && used < milliseconds; i += batch) {
      const Run run = rig_->push(next_frames(std::min(batch, frames - i)));
      for (const double time : run.milliseconds) times_.add(time);
      used += run.wall_milliseconds;
      wall_ += run.wall_milliseconds;
      cpu_ += run.cpu_milliseconds;
      changed_ += run.changed;
    }
  }

  void print(const Contender& identity, const Contender& faceblur) const {
    const char* format = gst_video_format_to_string(format_);
    if (!rig_) {
      std::printf("  %-12s %-5s %s\n", name_, format, absent_.c_str());
      return;
    }
    const double median = times_.quantile(0.5);
    std::printf("  %-12s %-5s %6zu %7d %11.4f %11.4f %11.4f %11.1f", name_, format, times_.size(),
                changed_, median, times_.quantile(0.95), cpu_ / static_cast<double>(times_.size()),
                throughput());
    for (const Contender* other : {&identity, &faceblur}) {
      if (other->times_.empty())
        std::printf(" %12s", "-");
      else
        std::printf(" %12.3g", throughput() / other->throughput());
    }
    std::printf("\n");
  }

  void print_split() const {
    if (!rig_) return;
    const Counts now = counts(rig_->element());
    const auto frames = static_cast<double>(now.frames - before_.frames);
    const auto ms = [&](guint64 from, guint64 to) {
      return static_cast<double>(to - from) / 1e6 / frames;
    };
    std::printf(
        "  %-12s means, ms: worker: detect %.3f  track %.3f; stream: perturb %.3f; %.2f faces a "
        "frame\n",
        "", ms(before_.detect, now.detect), ms(before_.track, now.track),
        ms(before_.perturb, now.perturb), static_cast<double>(now.faces - before_.faces) / frames);
  }

 private:
  double throughput() const { return 1e3 * static_cast<double>(times_.size()) / wall_; }

  std::vector<GstBuffer*> next_frames(int count) {
    std::vector<GstBuffer*> result;
    for (int i = 0; i < count; ++i) result.push_back(frames_[next_++ % frames_.size()].get());
    return result;
  }

  bool ours() const { return std::string(name_) == "faceperturb"; }

  const char* name_;
  GstVideoFormat format_;
  std::string absent_;
  std::vector<Ptr<GstBuffer>> frames_;
  std::unique_ptr<Rig> rig_;
  std::size_t next_ = 0;
  Samples times_;  // milliseconds
  double cpu_ = 0, wall_ = 0;
  int changed_ = 0;
  Counts before_;
};

}  // namespace

void bench_elements(const Pictures& pictures, const ElementOptions& options) {
  std::printf("Elements: %zu pictures of one face, %s; OpenCV has %d threads\n",
              pictures.bgr.size(), pictures.origin.c_str(), cv::getNumThreads());
  const bool terminal = isatty(STDERR_FILENO) != 0;
  // faceblur tries its broken default first, which OpenCV complains about.
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  for (const cv::Size size : options.sizes) {
    Contender identity("identity", GST_VIDEO_FORMAT_I420);
    Contender faceblur("faceblur", GST_VIDEO_FORMAT_RGB);
    Contender faceperturb("faceperturb", GST_VIDEO_FORMAT_I420);
    for (Contender* contender : {&identity, &faceblur, &faceperturb})
      contender->start(pictures, size);
    const int frames = (options.frames + options.rounds - 1) / options.rounds;
    for (int round = 0; round < options.rounds; ++round) {
      if (terminal)
        std::fprintf(stderr, "\r%dx%d: round %d of %d ", size.width, size.height, round + 1,
                     options.rounds);
      for (Contender* contender : {&identity, &faceblur, &faceperturb})
        contender->run(frames, 1e3 * options.seconds / options.rounds);
    }
    if (terminal) std::fprintf(stderr, "\r\x1b[K");
    std::printf("%dx%d\n  %-12s %-5s %6s %7s %11s %11s %11s %11s %12s %12s\n", size.width,
                size.height, "element", "caps", "frames", "changed", "stream ms", "its p95",
                "cpu ms", "frames/s", "x identity", "x faceblur");
    for (const Contender* contender : {&identity, &faceblur, &faceperturb})
      contender->print(identity, faceblur);
    faceperturb.print_split();
  }
}

}  // namespace bench
