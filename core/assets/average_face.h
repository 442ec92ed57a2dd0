// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <opencv2/core.hpp>

#include "faces/geometry.h"

namespace faceperturb {

/// The average of 34 people and their mirror images: symmetric, upright, on a plain backdrop.
///
/// Made by faceperturb-average-face from the neutral front pictures of the Face Research Lab
/// London Set, Lisa DeBruine and Benedict Jones, CC BY 4.0,
/// https://doi.org/10.6084/m9.figshare.5047666. It shows no single person.
struct AverageFace {
  cv::Mat bgr;    ///< 720x960, CV_8UC3; the face is about 440 px wide.
  cv::Mat alpha;  ///< As large, CV_8UC1: 255 on head and neck, 0 on the backdrop, soft between.
  std::array<Point, 68> landmarks;  ///< iBUG order, pixels of `bgr`; mirrored points are symmetric.
};

/// The average face, decoded from data within the library at the first call; safe from any thread.
/// Share it, do not write to it. Throws std::runtime_error where it cannot be decoded.
const AverageFace& average_face();

}  // namespace faceperturb
