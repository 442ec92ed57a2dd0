// SPDX-License-Identifier: LGPL-2.1-or-later
#include "before_after.h"

#include <gst/video/video.h>

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "common/failure.h"

namespace protect {

using examples::Failure;
using examples::Ptr;

namespace {

guint64 face_area(GstBuffer* buffer) {
  static const GQuark face = g_quark_from_static_string("face");
  guint64 area = 0;
  gpointer state = nullptr;
  while (GstMeta* meta = gst_buffer_iterate_meta_filtered(
             buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)) {
    const auto* roi = reinterpret_cast<GstVideoRegionOfInterestMeta*>(meta);
    if (roi->roi_type == face) area += guint64{roi->w} * roi->h;
  }
  return area;
}

// As an OpenCV picture of its own, with square pixels.
cv::Mat to_mat(GstCaps* caps, GstBuffer* buffer) {
  const Ptr<GstSample> sample(gst_sample_new(buffer, caps, nullptr, nullptr));
  const Ptr<GstCaps> bgr(gst_caps_from_string("video/x-raw, format=BGR, pixel-aspect-ratio=1/1"));
  GError* error = nullptr;
  const Ptr<GstSample> converted(
      gst_video_convert_sample(sample.get(), bgr.get(), 10 * GST_SECOND, &error));
  const Ptr<GError> owned(error);
  if (!converted)
    throw Failure(std::string("the before/after picture cannot be converted: ") +
                  (error ? error->message : "unknown fault"));
  GstVideoInfo info;
  GstVideoFrame frame;
  if (!gst_video_info_from_caps(&info, gst_sample_get_caps(converted.get())) ||
      !gst_video_frame_map(&frame, &info, gst_sample_get_buffer(converted.get()), GST_MAP_READ))
    throw Failure("the before/after picture cannot be read");
  cv::Mat picture = cv::Mat(GST_VIDEO_FRAME_HEIGHT(&frame), GST_VIDEO_FRAME_WIDTH(&frame), CV_8UC3,
                            GST_VIDEO_FRAME_PLANE_DATA(&frame, 0),
                            static_cast<std::size_t>(GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0)))
                        .clone();
  gst_video_frame_unmap(&frame);
  return picture;
}

void label(cv::Mat& picture, const char* text) {
  const double scale = std::max(0.4, picture.rows / 800.0);
  const int thin = std::max(1, static_cast<int>(scale * 1.5));
  const cv::Point place(static_cast<int>(12 * scale), static_cast<int>(30 * scale));
  cv::putText(picture, text, place, cv::FONT_HERSHEY_SIMPLEX, scale, {0, 0, 0}, 4 * thin,
              cv::LINE_AA);
  cv::putText(picture, text, place, cv::FONT_HERSHEY_SIMPLEX, scale, {255, 255, 255}, thin,
              cv::LINE_AA);
}

}  // namespace

BeforeAfter::Picture BeforeAfter::copy(GstPad* pad, GstBuffer* buffer) {
  return {Ptr<GstBuffer>(gst_buffer_copy_deep(buffer)),
          Ptr<GstCaps>(gst_pad_get_current_caps(pad))};
}

// The element works in place, so what goes in must be copied before it is known whether it is
// wanted. A mere reference would make the element copy the frame instead.
GstPadProbeReturn BeforeAfter::on_input(GstPad* pad, GstPadProbeInfo* info, gpointer self) {
  static_cast<BeforeAfter*>(self)->inputs_.push_back(copy(pad, GST_PAD_PROBE_INFO_BUFFER(info)));
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn BeforeAfter::on_output(GstPad* pad, GstPadProbeInfo* info, gpointer self) {
  auto& pair = *static_cast<BeforeAfter*>(self);
  GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  // Frames wait in the element, and late ones do not come out.
  auto& inputs = pair.inputs_;
  while (inputs.size() > 1 && GST_BUFFER_PTS(inputs.front().buffer.get()) != GST_BUFFER_PTS(buffer))
    inputs.pop_front();
  if (inputs.empty()) return GST_PAD_PROBE_OK;
  const guint64 area = face_area(buffer);
  if (area > pair.area_) {
    pair.area_ = area;
    pair.before_ = std::move(inputs.front());
    pair.after_ = copy(pad, buffer);
  }
  inputs.pop_front();
  return GST_PAD_PROBE_OK;
}

void BeforeAfter::watch(GstElement* element) {
  const Ptr<GstPad> sink(gst_element_get_static_pad(element, "sink"));
  const Ptr<GstPad> src(gst_element_get_static_pad(element, "src"));
  gst_pad_add_probe(sink.get(), GST_PAD_PROBE_TYPE_BUFFER, on_input, this, nullptr);
  gst_pad_add_probe(src.get(), GST_PAD_PROBE_TYPE_BUFFER, on_output, this, nullptr);
}

bool BeforeAfter::write(const std::filesystem::path& file) const {
  if (!before_.buffer || !after_.buffer) return false;
  cv::Mat before = to_mat(before_.caps.get(), before_.buffer.get());
  cv::Mat after = to_mat(after_.caps.get(), after_.buffer.get());
  label(before, "before");
  label(after, "after");
  cv::Mat both;
  cv::hconcat(before, after, both);
  std::vector<uchar> png;
  cv::imencode(".png", both, png);
  GError* error = nullptr;
  if (!g_file_set_contents(file.c_str(), reinterpret_cast<const gchar*>(png.data()),
                           static_cast<gssize>(png.size()), &error)) {
    const Ptr<GError> owned(error);
    throw Failure(error->message);
  }
  return true;
}

}  // namespace protect
