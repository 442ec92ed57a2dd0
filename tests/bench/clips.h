// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/video/video.h>

#include <opencv2/core.hpp>
#include <vector>

#include "common/gst_ptr.h"

namespace bench {

using examples::Ptr;

constexpr int rate = 30;  ///< frames a second, everywhere

/// Frames of so many rendered people in front of a camera that stands still, with a sensor's noise,
/// no two of which are alike.
std::vector<cv::Mat> render_pictures(cv::Size size, int faces);

/// Pictures in a raw format, played to and fro: there is no jump.
class Clip {
 public:
  Clip(const std::vector<cv::Mat>& pictures, GstVideoFormat format);

  const GstVideoInfo& info() const { return info_; }
  Ptr<GstCaps> caps() const { return Ptr<GstCaps>(gst_video_info_to_caps(&info_)); }
  /// The n-th frame of the endless clip.
  GstBuffer* frame(std::size_t n) const;

 private:
  GstVideoInfo info_{};
  std::vector<Ptr<GstBuffer>> frames_;
};

}  // namespace bench
