// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <opencv2/core/types.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "eval/instruments.h"

namespace faceperturb::eval {

/// The person a picture is of: what is protected, and where recognition is pointed at.
struct Subject {
  Face face;           ///< landmarks only where they are plausible, as the element has it
  FivePoints points;   ///< from the landmarks of the clear picture, plausible or not
  std::string source;  ///< the detector that gave the box, or what stood in for one
};

/// A box and who found it.
struct Sighting {
  Rect box;
  std::string source;
};

/// The face that most detectors agree on, of those the one nearest to the picture's middle; its box
/// is that of the first detector in the list that is sure of it. Doubtful detections agree with a
/// sure one, and are none themselves. `found` is by detector.
std::optional<Sighting> main_face(std::span<const std::vector<Detection>> found,
                                  std::span<const std::string> detectors, cv::Size size);

/// Stands in where no detector sees a face: of `boxes` in pictures of one size, the box of the
/// medians. Nothing where there are none.
std::optional<Rect> median_box(std::span<const Rect> boxes);

/// The subject in `box` of a picture.
Subject make_subject(const Instruments& instruments, const cv::Mat& bgr, const Sighting& sighting);

}  // namespace faceperturb::eval
