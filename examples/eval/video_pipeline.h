// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <opencv2/core/mat.hpp>
#include <string>
#include <vector>

#include "faces/geometry.h"

namespace evaluation {

/// A face as the element's metadata has it.
struct MarkedFace {
  faceperturb::Rect box;
  std::uint32_t track;
};

/// One frame before and after the element, I420 in one plane as cv::cvtColor() takes it, and its
/// size; valid during the call.
using FrameVisitor = std::function<void(const cv::Mat& before, const cv::Mat& after, cv::Size size,
                                        const std::vector<MarkedFace>&)>;

struct EncodedSize {
  std::uint64_t x264 = 0, vp9 = 0;  ///< bytes
};

// Both take a clip and an element's description such as "faceperturb method=shuffle", play the clip
// as fast as it goes, and throw examples::Failure naming the clip.

/// Shows every frame, and returns how large the result is: x264 (veryfast, crf 23) and VP9
/// (constant quality 32).
EncodedSize watch_clip(const std::filesystem::path& clip, const std::string& element,
                       const FrameVisitor& visit);

/// Milliseconds between the frames that leave, decoding being done by another thread.
std::vector<double> frame_times(const std::filesystem::path& clip, const std::string& element);

}  // namespace evaluation
