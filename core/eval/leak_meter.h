// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <opencv2/core/mat.hpp>
#include <optional>

#include "faces/geometry.h"

namespace faceperturb::eval {

/// What left in a clip.
struct LeakCount {
  int frames = 0;
  int faces = 0;     ///< frames with a face
  int leaks = 0;     ///< such frames in which it left clear
  int longest = 0;   ///< the longest run of them
  int switches = 0;  ///< how often the face's track id became another
  /// Share of the pixels away from the face that were changed.
  double touched = 0;

  double per_thousand() const { return faces ? 1000.0 * leaks / faces : 0; }
};

/// Counts, frame by frame, the faces that left clear: of which less than half of the core (eyes to
/// mouth) was changed. A permutation leaves a pixel as it was with the probability that two pixels
/// of the core are equal; that is allowed for.
class LeakMeter {
 public:
  /// `before` and `after`: luma of one frame. `face`: where its face is, brows to chin; none:
  /// there is none. `track`: the id that the element gave the face there, 0: none.
  void add(const cv::Mat& before, const cv::Mat& after, const std::optional<Rect>& face,
           std::uint32_t track);

  LeakCount count() const;

 private:
  LeakCount count_;
  int run_ = 0;
  std::uint32_t track_ = 0;
  double touched_ = 0, outside_ = 0;  // pixels
};

/// Whether the face left clear.
bool leaked(const cv::Mat& before, const cv::Mat& after, const Rect& face);

}  // namespace faceperturb::eval
