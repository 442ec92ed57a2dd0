// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <opencv2/core.hpp>
#include <vector>

#include "faces/geometry.h"

namespace faceperturb::eval {

/// A cut-out picture to be placed by an affine map. Its coordinates are in eye distances: (0, 0)
/// is the middle between the eyes, x goes right, y down.
struct Sprite {
  std::vector<cv::Mat> levels;  ///< CV_8UC4, colours times alpha; each half the size of the last.
  cv::Point2f origin;           ///< Pixel of levels[0] that is (0, 0).
  float unit = 1;               ///< Pixels of levels[0] in one eye distance.
};

/// One synthetic person. `back`, `head`, `front` are placed in this order.
struct Member {
  Sprite back;                      ///< The inner side of the collar.
  Sprite head;                      ///< Head, hair and neck.
  Sprite front;                     ///< Shoulders and clothes.
  std::array<Point, 68> landmarks;  ///< In eye distances, as the sprites.
};

/// Where the neck turns, in eye distances below the eyes.
inline constexpr float kNeck = 2.35F;

/// The people of the synthetic scene, made at the first call.
const std::vector<Member>& cast();

}  // namespace faceperturb::eval
