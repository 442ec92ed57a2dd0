// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <opencv2/core/mat.hpp>

#include "faces/detector.h"
#include "faces/face.h"

namespace faceperturb::eval {

/// Side of an aligned face, in pixels.
inline constexpr int aligned_size = 112;

/// The five points of 68: the middle of each eye, the nose's tip and the corners of the mouth.
FivePoints five_points(const Landmarks& landmarks);

/// The face brought to 112x112 by the similarity that carries its points nearest to the places
/// that face recognition networks are trained with (ArcFace's; Deng et al., CVPR 2019).
cv::Mat align(const cv::Mat& picture, const FivePoints& points);

}  // namespace faceperturb::eval
