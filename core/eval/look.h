// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "eval/hair.h"

namespace faceperturb::eval {

/// A smooth local change of the shape, the same on both halves of the face: the neighbourhood of
/// (x, y), x >= 0, moves by (dx, dy) and grows by the shares (gx, gy). In eye distances.
struct Bump {
  float x, y, reach_x, reach_y, dx, dy, gx, gy;
};

/// How a member of the cast differs from the average face.
struct Look {
  float width = 1;   ///< of the whole head
  float height = 1;  ///< of the whole head
  std::vector<Bump> bumps;
  cv::Vec3f skin;     ///< BGR of the lit cheek
  cv::Vec3f lips;     ///< times
  cv::Vec3f iris;     ///< BGR
  float brows = 1;    ///< times; below 1: darker
  float stubble = 0;  ///< 0 .. 1
  HairLook hair;
  cv::Vec3f shirt;   ///< BGR
  cv::Vec3f jacket;  ///< BGR, worn open over the shirt; all 0: none
};

/// The people of the synthetic scene.
std::vector<Look> looks();

/// What a place `p` of the reshaped face shows lies at `p - displacement(look, p)` of the average.
/// In eye distances, as cast.h has them.
cv::Point2f displacement(const Look& look, cv::Point2f p);

}  // namespace faceperturb::eval
