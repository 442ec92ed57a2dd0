// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clips.h"

#include <algorithm>
#include <cstdint>
#include <opencv2/imgproc.hpp>
#include <stdexcept>

#include "eval/scene.h"

namespace bench {
namespace {

constexpr int distinct = 12;
constexpr double noise = 1.5;  // standard deviation, grey levels

// Copies the rows of a plane, or of as much of it as `picture` holds.
void fill(const GstVideoFrame& frame, guint plane, const cv::Mat& picture) {
  const auto row = picture.total() * picture.elemSize() / static_cast<std::size_t>(picture.rows);
  auto* to = static_cast<std::uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, plane));
  for (int y = 0; y < picture.rows; ++y)
    std::copy_n(picture.ptr(y), row, to + y * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, plane));
}

Ptr<GstBuffer> to_buffer(const cv::Mat& bgr, const GstVideoInfo& info) {
  Ptr<GstBuffer> buffer(gst_buffer_new_allocate(nullptr, info.size, nullptr));
  GstVideoFrame frame;
  if (!gst_video_frame_map(&frame, &info, buffer.get(), GST_MAP_WRITE))
    throw std::runtime_error("a frame cannot be written");
  cv::Mat packed;
  const auto format = GST_VIDEO_INFO_FORMAT(&info);
  if (format == GST_VIDEO_FORMAT_BGR) {
    fill(frame, 0, bgr);
  } else if (format == GST_VIDEO_FORMAT_RGB || format == GST_VIDEO_FORMAT_BGRA) {
    cv::cvtColor(bgr, packed,
                 format == GST_VIDEO_FORMAT_RGB ? cv::COLOR_BGR2RGB : cv::COLOR_BGR2BGRA);
    fill(frame, 0, packed);
  } else {
    cv::cvtColor(bgr, packed, cv::COLOR_BGR2YUV_I420);
    fill(frame, 0, packed.rowRange(0, bgr.rows));
    const int half = bgr.rows / 2;
    // The quarter planes of I420 lie behind each other, without gaps.
    cv::Mat u(half, bgr.cols / 2, CV_8U, packed.ptr(bgr.rows));
    cv::Mat v(half, bgr.cols / 2, CV_8U, packed.ptr(bgr.rows) + u.total());
    if (format == GST_VIDEO_FORMAT_NV12) {
      cv::Mat both;
      cv::merge(std::vector<cv::Mat>{u, v}, both);
      fill(frame, 1, both);
    } else {
      fill(frame, 1, u);
      fill(frame, 2, v);
    }
  }
  gst_video_frame_unmap(&frame);
  return buffer;
}

}  // namespace

std::vector<cv::Mat> render_pictures(cv::Size size, int faces) {
  cv::RNG random(1);
  cv::Mat grain(size, CV_16SC3);
  std::vector<cv::Mat> pictures;
  for (int i = 0; i < distinct; ++i) {
    cv::Mat picture;
    faceperturb::eval::render_crowd(size, faces, static_cast<double>(i) / rate)
        .bgr.convertTo(picture, CV_16S);
    random.fill(grain, cv::RNG::NORMAL, 0, noise);
    picture += grain;
    picture.convertTo(pictures.emplace_back(), CV_8U);
  }
  return pictures;
}

Clip::Clip(const std::vector<cv::Mat>& pictures, GstVideoFormat format) {
  gst_video_info_set_format(&info_, format, static_cast<guint>(pictures.front().cols),
                            static_cast<guint>(pictures.front().rows));
  info_.fps_n = rate;
  info_.fps_d = 1;
  for (const cv::Mat& picture : pictures) frames_.push_back(to_buffer(picture, info_));
}

GstBuffer* Clip::frame(std::size_t n) const {
  const std::size_t turns = frames_.size() - 1, place = n % (2 * turns);
  return frames_[std::min(place, 2 * turns - place)].get();
}

}  // namespace bench
