// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>

namespace faceperturb::eval {

enum class HairStyle { kCropped, kParted, kLong, kTied, kCurly };

struct HairLook {
  HairStyle style = HairStyle::kCropped;
  cv::Vec3f colour;     ///< BGR, 0 .. 255
  float part = 0;       ///< Where the parting lies, in eye distances from the middle.
  float volume = 0.1F;  ///< How far it stands off the head, in eye distances.
  float width = 1;      ///< Width of the head, 1 = the average's.
  uint64_t seed = 1;
};

/// Painted hair, in the coordinates of cast.h: one layer behind the head and one before it.
struct Hair {
  cv::Mat back_bgr, back_alpha;    ///< CV_8UC3, CV_8UC1
  cv::Mat front_bgr, front_alpha;  ///< likewise
};

/// `size` in pixels, `origin` the pixel between the eyes, `unit` pixels in one eye distance.
Hair paint_hair(const HairLook& look, cv::Size size, cv::Point2f origin, float unit);

/// Where the hair of the average face begins: the height (in eye distances, up is negative) at
/// `x` eye distances from the middle.
float hairline(float x);

}  // namespace faceperturb::eval
