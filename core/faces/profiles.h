// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <opencv2/core/mat.hpp>
#include <span>
#include <vector>

#include "faces/cascade.h"
#include "faces/detector.h"

namespace faceperturb {

/// Faces seen from the side: proposals of a cascade that a close look confirms. Where one was found
/// it is looked again at each call, for less than a search costs.
class ProfileDetector {
 public:
  /// Searches these parts of the picture, where they have a size, for faces that look to its left
  /// and to its right; a thorough search finds more, and takes longer. `frontal` are faces that
  /// were seen from the front: they need no closer look.
  std::vector<Detection> detect(const Picture& picture, int min_face_size, const Rect& left,
                                const Rect& right, bool thorough,
                                std::span<const Detection> frontal);
  /// The next picture has nothing to do with those before.
  void forget() { seen_.clear(); }

 private:
  struct Seen {
    Rect box;
    bool mirrored;
    bool close_up = false;
    int misses = 0;
  };

  std::vector<Detection> search(const cv::Mat& luma, const Rect& part, int min_face_size,
                                bool mirrored, bool thorough);
  std::vector<Detection> search_close_ups(const cv::Mat& plain, int min_face_size, bool mirrored);
  std::optional<Detection> look(const Picture& picture, const Seen& seen);

  Cascade cascade_{Cascade::profile};
  std::vector<Seen> seen_;
};

}  // namespace faceperturb
