// SPDX-License-Identifier: LGPL-2.1-or-later
#include "video_pipeline.h"

#include <gst/app/gstappsink.h>
#include <gst/video/gstvideometa.h>
#include <gst/video/video.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <mutex>

#include "common/failure.h"
#include "common/gst_ptr.h"

namespace evaluation {
namespace {

using examples::Failure;
using examples::Ptr;

struct Picture {
  cv::Mat i420;
  cv::Size size;
};

class Clip {
 public:
  /// Plays `rest` behind the clip's decoded frames, I420.
  Clip(const std::filesystem::path& file, const std::string& rest) : name_(file.string()) {
    const std::string description =
        "filesrc name=source ! decodebin ! videoconvert ! video/x-raw,format=I420 ! queue ! " +
        rest;
    GError* error = nullptr;
    pipeline_.reset(gst_parse_launch(description.c_str(), &error));
    if (error) {
      const Ptr<GError> owned(error);
      throw Failure("'" + name_ + "' cannot be played: " + error->message);
    }
    g_object_set(element("source").get(), "location", file.c_str(), nullptr);
  }
  ~Clip() { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }
  Clip(const Clip&) = delete;
  Clip& operator=(const Clip&) = delete;

  Ptr<GstElement> element(const char* name) const {
    return Ptr<GstElement>(gst_bin_get_by_name(GST_BIN(pipeline_.get()), name));
  }
  void watch(const char* name, const char* pad_name, GstPadProbeCallback callback, gpointer data) {
    const Ptr<GstPad> pad(gst_element_get_static_pad(element(name).get(), pad_name));
    gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, callback, data, nullptr);
  }
  void start() { gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING); }

  /// Whether the clip is at its end; waits for so long. Throws what the pipeline says.
  bool ended(GstClockTime wait) {
    const Ptr<GstBus> bus(gst_element_get_bus(pipeline_.get()));
    const Ptr<GstMessage> message(gst_bus_timed_pop_filtered(
        bus.get(), wait, static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS)));
    if (!message) return false;
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS) return true;
    GError* error = nullptr;
    gst_message_parse_error(message.get(), &error, nullptr);
    const Ptr<GError> owned(error);
    throw Failure("'" + name_ + "': " + error->message);
  }
  void play() {
    start();
    while (!ended(GST_SECOND)) {
    }
  }

 private:
  std::string name_;
  Ptr<GstElement> pipeline_;
};

// A copy without strides; odd sides lose their last pixel.
Picture picture_of(GstBuffer* buffer, GstCaps* caps) {
  GstVideoInfo info;
  GstVideoFrame frame;
  if (!gst_video_info_from_caps(&info, caps) ||
      !gst_video_frame_map(&frame, &info, buffer, GST_MAP_READ))
    throw Failure("a frame cannot be read");
  Picture picture{{}, {info.width / 2 * 2, info.height / 2 * 2}};
  picture.i420.create(picture.size.height * 3 / 2, picture.size.width, CV_8UC1);
  std::uint8_t* to = picture.i420.data;
  for (guint plane = 0; plane < 3; ++plane) {
    const int width = picture.size.width / (plane ? 2 : 1);
    const int height = picture.size.height / (plane ? 2 : 1);
    const auto* from = static_cast<const std::uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, plane));
    for (int y = 0; y < height; ++y, to += width)
      std::copy_n(
          from + static_cast<std::ptrdiff_t>(y) * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, plane),
          width, to);
  }
  gst_video_frame_unmap(&frame);
  return picture;
}

std::vector<MarkedFace> marked_faces(GstBuffer* buffer) {
  std::vector<MarkedFace> faces;
  gpointer state = nullptr;
  while (auto* meta = gst_buffer_iterate_meta_filtered(
             buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)) {
    const auto* roi = reinterpret_cast<GstVideoRegionOfInterestMeta*>(meta);
    faces.push_back({{static_cast<float>(roi->x), static_cast<float>(roi->y),
                      static_cast<float>(roi->w), static_cast<float>(roi->h)},
                     static_cast<std::uint32_t>(roi->id)});
  }
  return faces;
}

struct ClearFrames {
  std::mutex mutex;
  std::deque<Picture> frames;
};

GstPadProbeReturn keep(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
  auto* clear = static_cast<ClearFrames*>(data);
  const Ptr<GstCaps> caps(gst_pad_get_current_caps(pad));
  try {
    Picture frame = picture_of(GST_PAD_PROBE_INFO_BUFFER(info), caps.get());
    const std::lock_guard lock(clear->mutex);
    clear->frames.push_back(std::move(frame));
  } catch (const std::exception&) {
    return GST_PAD_PROBE_REMOVE;  // the comparison runs out of frames, and says so
  }
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn note_time(GstPad*, GstPadProbeInfo*, gpointer data) {
  auto* times = static_cast<std::vector<std::chrono::steady_clock::time_point>*>(data);
  times->push_back(std::chrono::steady_clock::now());
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn add_size(GstPad*, GstPadProbeInfo* info, gpointer data) {
  *static_cast<std::uint64_t*>(data) += gst_buffer_get_size(GST_PAD_PROBE_INFO_BUFFER(info));
  return GST_PAD_PROBE_OK;
}

}  // namespace

EncodedSize watch_clip(const std::filesystem::path& file, const std::string& element,
                       const FrameVisitor& visit) {
  EncodedSize size;
  ClearFrames clear;  // these outlive the clip that fills them
  Clip clip(file, "identity name=clear ! " + element +
                      " ! tee name=all"
                      " all. ! queue ! appsink name=sink sync=false max-buffers=8 async=false"
                      " all. ! queue ! x264enc speed-preset=veryfast pass=qual quantizer=23"
                      " ! fakesink name=x264 sync=false async=false"
                      " all. ! queue ! vp9enc end-usage=cq cq-level=32 target-bitrate=100000000"
                      " deadline=1 cpu-used=8 ! fakesink name=vp9 sync=false async=false");
  clip.watch("clear", "src", keep, &clear);
  clip.watch("x264", "sink", add_size, &size.x264);
  clip.watch("vp9", "sink", add_size, &size.vp9);
  const auto sink = clip.element("sink");
  clip.start();
  for (;;) {
    const Ptr<GstSample> sample(
        gst_app_sink_try_pull_sample(GST_APP_SINK(sink.get()), GST_SECOND / 10));
    if (!sample) {
      if (clip.ended(GST_SECOND / 10)) return size;  // only when the encoders are done too
      continue;
    }
    GstBuffer* buffer = gst_sample_get_buffer(sample.get());
    const Picture after = picture_of(buffer, gst_sample_get_caps(sample.get()));
    Picture before;
    {
      const std::lock_guard lock(clear.mutex);
      if (clear.frames.empty())
        throw Failure("'" + file.string() + "' gave a frame nobody saw enter");
      before = std::move(clear.frames.front());
      clear.frames.pop_front();
    }
    visit(before.i420, after.i420, after.size, marked_faces(buffer));
  }
}

std::vector<double> frame_times(const std::filesystem::path& file, const std::string& element) {
  std::vector<std::chrono::steady_clock::time_point> times;
  Clip clip(file, element + " ! identity name=out ! fakesink sync=false");
  clip.watch("out", "src", note_time, &times);
  clip.play();
  std::vector<double> result;
  for (std::size_t i = 1; i < times.size(); ++i)
    result.push_back(std::chrono::duration<double, std::milli>(times[i] - times[i - 1]).count());
  return result;
}

}  // namespace evaluation
