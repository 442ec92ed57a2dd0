// SPDX-License-Identifier: LGPL-2.1-or-later

// An application's own frames through the element: pushed in by appsrc, protected, pulled out by
// appsink. The frames are what OpenCV reads from a video or a numbered set of pictures
// (frame_%03d.png); each that comes back becomes a picture in a folder, named by its time.

#include <gst/app/app.h>
#include <gst/gst.h>
#include <gst/video/video.h>

#include <cstdio>
#include <deque>
#include <filesystem>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/videoio.hpp>
#include <string>

#include "common/elements.h"
#include "common/failure.h"
#include "common/gst_ptr.h"

using examples::add_element;
using examples::Failure;
using examples::Ptr;

namespace {

class Filter {
 public:
  // What comes back goes into `folder`. `method` is one of the element's.
  Filter(std::filesystem::path folder, const std::string& method)
      : folder_(std::move(folder)), pipeline_(gst_pipeline_new(nullptr)) {
    GstBin* bin = GST_BIN(pipeline_.get());
    source_ = add_element(bin, "appsrc");
    protector_ = add_element(bin, "faceperturb");
    sink_ = add_element(bin, "appsink");
    examples::link_all({source_, protector_, sink_});
    examples::set_property(protector_, "method", method);
    // `block`: pushing waits where the element falls behind, so that memory stays bounded.
    g_object_set(source_, "format", GST_FORMAT_TIME, "block", TRUE, "max-buffers", guint64{4},
                 "max-bytes", guint64{0}, nullptr);
    // `sync`: frames come as soon as they are ready, not when they are due.
    g_object_set(sink_, "sync", FALSE, nullptr);
    if (gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
      fail();
  }
  ~Filter() { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  // Every frame needs a time, and times grow: tracking and the look-ahead go by them.
  void push(const cv::Mat& bgr, GstClockTime time, GstClockTime duration) {
    if (bgr.size() != size_) set_caps(bgr.size(), duration);
    GstVideoInfo info;
    gst_video_info_set_format(&info, GST_VIDEO_FORMAT_BGR, static_cast<guint>(bgr.cols),
                              static_cast<guint>(bgr.rows));
    // A copy row by row: GStreamer's rows begin on multiples of four bytes, OpenCV's need not.
    Ptr<GstBuffer> buffer(gst_buffer_new_allocate(nullptr, info.size, nullptr));
    for (int y = 0; y < bgr.rows; ++y)
      gst_buffer_fill(buffer.get(), static_cast<gsize>(y) * static_cast<gsize>(info.stride[0]),
                      bgr.ptr(y), static_cast<gsize>(bgr.cols) * 3);
    GST_BUFFER_PTS(buffer.get()) = time;
    GST_BUFFER_DURATION(buffer.get()) = duration;
    due_.push_back(time);
    if (gst_app_src_push_buffer(GST_APP_SRC(source_), buffer.release()) != GST_FLOW_OK) fail();
    // What is ready; the newest frames still wait in the element for those after them.
    while (Ptr<GstSample> sample{gst_app_sink_try_pull_sample(GST_APP_SINK(sink_), 0)})
      write(sample.get());
  }

  // The end of the stream makes the element give back the frames that wait.
  void finish() {
    gst_app_src_end_of_stream(GST_APP_SRC(source_));
    while (Ptr<GstSample> sample{gst_app_sink_pull_sample(GST_APP_SINK(sink_))})
      write(sample.get());
    if (!gst_app_sink_is_eos(GST_APP_SINK(sink_))) fail();
    if (!due_.empty()) throw Failure(std::to_string(due_.size()) + " frames did not come back");
  }

  Ptr<GstStructure> stats() const {
    GstStructure* stats = nullptr;
    g_object_get(protector_, "stats", &stats, nullptr);
    return Ptr<GstStructure>(stats);
  }

 private:
  // Frames of another size may follow: those that wait leave first.
  void set_caps(cv::Size size, GstClockTime duration) {
    size_ = size;
    const Ptr<GstCaps> caps(gst_caps_new_simple(
        "video/x-raw", "format", G_TYPE_STRING, "BGR", "width", G_TYPE_INT, size.width, "height",
        G_TYPE_INT, size.height, "framerate", GST_TYPE_FRACTION, 1000000,
        static_cast<int>(duration / 1000), nullptr));
    gst_app_src_set_caps(GST_APP_SRC(source_), caps.get());
  }

  void write(GstSample* sample) {
    GstBuffer* buffer = gst_sample_get_buffer(sample);
    const GstClockTime time = GST_BUFFER_PTS(buffer);
    if (due_.empty() || due_.front() != time) throw Failure("a frame came back out of turn");
    due_.pop_front();
    GstVideoInfo info;
    GstVideoFrame frame;
    if (!gst_video_info_from_caps(&info, gst_sample_get_caps(sample)) ||
        !gst_video_frame_map(&frame, &info, buffer, GST_MAP_READ))
      throw Failure("a frame cannot be read");
    const cv::Mat bgr(GST_VIDEO_FRAME_HEIGHT(&frame), GST_VIDEO_FRAME_WIDTH(&frame), CV_8UC3,
                      GST_VIDEO_FRAME_PLANE_DATA(&frame, 0),
                      static_cast<std::size_t>(GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0)));
    char name[32];
    std::snprintf(name, sizeof name, "%09llu.png",
                  static_cast<unsigned long long>(GST_TIME_AS_USECONDS(time)));
    const bool written = cv::imwrite(folder_ / name, bgr);
    gst_video_frame_unmap(&frame);
    if (!written) throw Failure("'" + (folder_ / name).string() + "' cannot be written");
  }

  // Throws what the element says against it.
  [[noreturn]] void fail() {
    const Ptr<GstBus> bus(gst_element_get_bus(pipeline_.get()));
    const Ptr<GstMessage> error(
        gst_bus_timed_pop_filtered(bus.get(), GST_SECOND, GST_MESSAGE_ERROR));
    throw Failure(error ? examples::error_text(error.get()) : "the pipeline ended early");
  }

  const std::filesystem::path folder_;
  const Ptr<GstElement> pipeline_;
  GstElement* source_;
  GstElement* protector_;
  GstElement* sink_;
  cv::Size size_;
  std::deque<GstClockTime> due_;  // pushed, not yet back
};

void run(const std::string& input, const std::string& folder, const std::string& method) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw Failure("the folder '" + folder + "' cannot be made: " + error.message());
  cv::VideoCapture capture(input);
  if (!capture.isOpened())
    throw Failure("'" + input + "' cannot be read: it is missing, or nothing that OpenCV decodes");
  double rate = capture.get(cv::CAP_PROP_FPS);
  if (!(rate > 0)) rate = 25;
  const auto duration = static_cast<GstClockTime>(GST_SECOND / rate);

  Filter filter(folder, method);
  cv::Mat picture;
  guint64 frames = 0;
  for (; capture.read(picture); ++frames) filter.push(picture, frames * duration, duration);
  if (frames == 0) throw Failure("'" + input + "' has no frame that decodes");
  filter.finish();
  const Ptr<gchar> stats(gst_structure_to_string(filter.stats().get()));
  std::printf("%llu frames in and out\n%s\n", static_cast<unsigned long long>(frames), stats.get());
}

}  // namespace

int main(int argc, char** argv) {
  g_set_prgname("faceperturb-appsrc");
  gst_init(&argc, &argv);
  try {
    if (argc != 3 && argc != 4)
      throw Failure("usage: faceperturb-appsrc VIDEO|PICTURE_%03d.png FOLDER [METHOD]");
    run(argv[1], argv[2], argc == 4 ? argv[3] : "shuffle");
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "faceperturb-appsrc: %s\n", error.what());
    return 1;
  }
}
