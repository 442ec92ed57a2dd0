// SPDX-License-Identifier: LGPL-2.1-or-later
// The library's table of formats, held against what GStreamer says of them.
#include "frame/format.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "support/gst.h"

namespace faceperturb::test {
namespace {

TEST(Formats, HaveTheLayoutOfGStreamers) {
  for (const auto& format : formats()) {
    for (const Size size : sizes) {
      SCOPED_TRACE(describe(format, size));
      const GstVideoInfo info = video_info(format, size);
      ASSERT_NE(GST_VIDEO_INFO_FORMAT(&info), GST_VIDEO_FORMAT_UNKNOWN);
      ASSERT_EQ(static_cast<guint>(format.plane_count), GST_VIDEO_INFO_N_PLANES(&info));
      const Frame frame{&format, size.width, size.height, {}};
      for (int p = 0; p < format.plane_count; ++p) {
        const auto& plane = format.planes[static_cast<std::size_t>(p)];
        std::array<gint, GST_VIDEO_MAX_COMPONENTS> in_plane{};
        gst_video_format_info_component(info.finfo, static_cast<guint>(p), in_plane.data());
        const auto c = static_cast<guint>(in_plane[0]);
        // A plane of several components (packed, interleaved) has their widest pixel stride.
        const int pixel_stride = GST_VIDEO_FORMAT_INFO_PSTRIDE(info.finfo, c);
        const int across = 1 << GST_VIDEO_FORMAT_INFO_W_SUB(info.finfo, c);
        if (plane.unit_width == across) {
          EXPECT_EQ(plane.unit_bytes, pixel_stride);
        } else {  // a packed unit holds several luma samples
          EXPECT_EQ(plane.unit_bytes, pixel_stride * plane.unit_width);
        }
        EXPECT_EQ(plane.unit_height, 1 << GST_VIDEO_FORMAT_INFO_H_SUB(info.finfo, c));
        const int rows = GST_VIDEO_FORMAT_INFO_SCALE_HEIGHT(info.finfo, c, size.height);
        EXPECT_EQ(frame.units_down(p), rows);
        const int bytes = frame.units_across(p) * plane.unit_bytes;
        EXPECT_LE(bytes, GST_VIDEO_INFO_PLANE_STRIDE(&info, p));
        EXPECT_LT(GST_VIDEO_INFO_PLANE_STRIDE(&info, p) - bytes, 8) << "too little is moved";
      }
      int chroma_width = 1, chroma_height = 1;
      for (guint c = 0; c < GST_VIDEO_INFO_N_COMPONENTS(&info); ++c) {
        chroma_width = std::max(chroma_width, 1 << GST_VIDEO_FORMAT_INFO_W_SUB(info.finfo, c));
        chroma_height = std::max(chroma_height, 1 << GST_VIDEO_FORMAT_INFO_H_SUB(info.finfo, c));
      }
      EXPECT_EQ(format.chroma_width(), chroma_width);
      EXPECT_EQ(format.chroma_height(), chroma_height);
    }
  }
}

TEST(Formats, ReadTheirLumaWhereGStreamerDoes) {
  cv::Mat bgr(24, 32, CV_8UC3);
  cv::RNG random(1);
  random.fill(bgr, cv::RNG::UNIFORM, 0, 256);
  cv::Mat smooth;
  cv::resize(bgr, smooth, {321, 241}, 0, 0, cv::INTER_CUBIC);  // chroma halves without a trace
  cv::Mat gray;
  cv::cvtColor(smooth, gray, cv::COLOR_BGR2GRAY);
  for (const auto& format : formats()) {
    for (const int padding : {0, 24}) {
      SCOPED_TRACE(std::string(format.name) + " padded by " + std::to_string(padding));
      const GstVideoInfo info = video_info(format, {321, 241});
      const BufferPtr buffer = make_buffer(info, smooth, padding);
      const Mapped mapped(info, buffer.get());
      LumaReader reader;
      const LumaView luma = reader.read(mapped.view());
      const cv::Mat read(luma.height, luma.width, CV_8UC1, const_cast<std::uint8_t*>(luma.data),
                         static_cast<std::size_t>(luma.stride));
      // Video range, or full range; BT.601 as it is for this size.
      const bool full = format.colour != ColourModel::yuv;
      cv::Mat wanted;
      gray.convertTo(wanted, CV_8UC1, full ? 1 : 219.0 / 255, full ? 0 : 16);
      EXPECT_LT(cv::norm(read, wanted, cv::NORM_L1) / static_cast<double>(gray.total()), 1.5);
      EXPECT_LE(cv::norm(read, wanted, cv::NORM_INF), 8);
    }
  }
}

TEST(Formats, CoverIsAnOpaqueBlackPicture) {
  const cv::Mat white(241, 321, CV_8UC3, cv::Scalar(255, 200, 100));
  for (const auto& format : formats()) {
    for (const Size size : sizes) {
      for (const int padding : {0, 24}) {
        SCOPED_TRACE(describe(format, size) + " padded by " + std::to_string(padding));
        const GstVideoInfo info = video_info(format, size);
        const BufferPtr buffer = make_buffer(info, white, padding);
        {
          const Mapped mapped(info, buffer.get(), GST_MAP_READWRITE);
          cover(mapped.view());
        }
        const cv::Mat picture = picture_of(info, buffer.get(), true);
        std::vector<cv::Mat> channels;
        cv::split(picture, channels);
        for (int c = 0; c < 3; ++c)
          EXPECT_LE(cv::norm(channels[static_cast<std::size_t>(c)], cv::NORM_INF), 2);
        if (GST_VIDEO_INFO_HAS_ALPHA(&info)) {
          EXPECT_EQ(cv::countNonZero(channels[3] != 255), 0);
        }
      }
    }
  }
}

}  // namespace
}  // namespace faceperturb::test
