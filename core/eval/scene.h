// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <opencv2/core.hpp>
#include <vector>

#include "faces/geometry.h"

namespace faceperturb::eval {

/// One face of a synthetic frame, in pixels of the frame. `box` is what dlib's HOG
/// detector would give: the square about the landmarks, brows to chin, raised by 6 % of its side.
/// Both may reach beyond the frame; a face of which
/// no part of the box is in the frame is not listed.
struct SceneFace {
  Rect box;
  std::array<Point, 68> landmarks;  ///< iBUG order.
};

/// A synthetic picture (CV_8UC3) and the truth about it.
struct SceneFrame {
  cv::Mat bgr;
  std::vector<SceneFace> faces;
};

/// How long the scene takes until it repeats, in seconds.
inline constexpr double scene_seconds = 8.0;

/// Five people in a room at `seconds` (any value; the scene loops), their faces from about 1/6 to
/// 1/2 of the frame's height; one walks out of the frame and back. None of them exists: they are
/// the average face, reshaped and recoloured. Deterministic: same arguments, same bytes. Throws
/// std::invalid_argument where a side of `size` is not positive.
SceneFrame render_scene(cv::Size size, double seconds);

/// One member of the cast alone, upright, in the middle. `person` is 0 .. cast_size() - 1, else
/// std::out_of_range is thrown.
SceneFrame render_portrait(cv::Size size, int person);

/// `faces` people (>= 0) standing in rows and swaying, the room alone where there are none. Their
/// faces are smaller the more there are: of one about a fifth of the frame's height, of 50 a
/// twelfth. Otherwise as render_scene().
SceneFrame render_crowd(cv::Size size, int faces, double seconds);

/// How many people there are to choose from.
int cast_size();

}  // namespace faceperturb::eval
