// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <filesystem>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

namespace bench {

/// Pictures of one face each, and where they come from.
struct Pictures {
  std::vector<cv::Mat> bgr;
  std::string origin;
};

/// `count` frames spread over a real clip of a talking head below `data`, or, where that is absent,
/// a rendered portrait.
Pictures one_face(const std::filesystem::path& data, int count);

/// The picture as large as it fits into `size`, on black.
cv::Mat fitted(const cv::Mat& picture, cv::Size size);

}  // namespace bench
