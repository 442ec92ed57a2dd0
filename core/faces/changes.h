// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <opencv2/core/mat.hpp>
#include <span>

#include "faces/detector.h"
#include "faces/picture.h"

namespace faceperturb {

/// Where a scene changed since all of it was searched: somebody may have come in there. Pictures
/// are compared by Picture::block_means().
class Changes {
 public:
  /// All of the picture was searched for faces from `min_face_size` picture pixels on.
  void searched(const Picture& picture, int min_face_size);
  /// The place to be searched again, with room for a face around it, beyond the picture's edge too;
  /// without a size where nothing changed but `known` faces and what is below them; beyond_edges()
  /// where so much changed that one might as well search all.
  Rect place(const Picture& picture, int min_face_size,
             std::span<const Detection> known = {}) const;
  /// The next picture has nothing to do with those before.
  void forget() { reference_.release(); }

 private:
  cv::Mat reference_;  // block means
};

}  // namespace faceperturb
