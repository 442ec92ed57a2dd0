// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>

#include "faces/geometry.h"
#include "faces/picture.h"

namespace faceperturb {

constexpr int flow_window = 16;  ///< picture pixels; no multiple of 8 takes OpenCV twice as long
constexpr int flow_levels = 3;   ///< pyramid levels above the picture itself

/// x' = a x - b y + x0, y' = b x + a y + y0: turn, scale, shift.
struct Similarity {
  float a = 1, b = 0, x0 = 0, y0 = 0;

  Point operator()(Point p) const { return {a * p.x - b * p.y + x0, b * p.x + a * p.y + y0}; }
  float scale() const;
  /// The box keeps its sides upright.
  Rect operator()(const Rect& box) const;
};

/// The part of a picture in which a box is followed: around it, as far as a face may move from one
/// picture to the next, in tiles, so that it seldom changes. Empty where the box lies outside.
cv::Rect surroundings(const Rect& box, cv::Size picture);

/// How what is in `box` moved from one picture to the next, by pyramidal Lucas-Kanade flow of a
/// grid of points, checked forward and backward (Kalal, Mikolajczyk and Matas, "Forward-Backward
/// Error", ICPR 2010). Looks at a `part` of both pictures alone, which holds the box's
/// surroundings. Nothing where the points do not agree.
std::optional<Similarity> follow(const Picture& from, const Picture& to, const Rect& box,
                                 const cv::Rect& part);

}  // namespace faceperturb
