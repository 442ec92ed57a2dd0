// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <opencv2/core/mat.hpp>
#include <vector>

#include "faces/face.h"
#include "regions/regions.h"

namespace faceperturb {

/// A convex part of the picture: the hull of `points`, widened by `margin` luma pixels.
struct Outline {
  std::vector<cv::Point2f> points;
  float margin;
};

/// Puts the outlines of the chosen regions of one face, in luma pixels, in place of `outlines`,
/// whose memory is used again. Margins follow the distance between the eyes, because landmarks run
/// along the middle of brows, lips and nostrils. Without landmarks every choice is the whole box,
/// or the head.
void region_outlines(const Face& face, Regions regions, std::vector<Outline>& outlines);

}  // namespace faceperturb
