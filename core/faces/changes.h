// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <opencv2/core/mat.hpp>
#include <optional>
#include <span>

#include "faces/detector.h"
#include "faces/picture.h"

namespace faceperturb {

/// Where a scene changed since all of it was searched: somebody may have come in there. Pictures
/// are compared by block_means().
class Changes {
 public:
  /// All of the picture was searched for faces from `min_face_size` picture pixels on; `known` were
  /// seen in it.
  void searched(const Picture& picture, int min_face_size, std::span<const Detection> known);
  /// The place to be searched again, with room for a face around it, beyond the picture's edge too.
  /// Nothing where none changed but the known faces and what is below them; nor where so much
  /// changed that one might as well search all.
  std::optional<Rect> place(const Picture& picture, int min_face_size) const;
  /// The next picture has nothing to do with those before.
  void forget() { reference_.release(); }

 private:
  cv::Mat reference_;  // block means
  cv::Mat explained_;  // 255: a block of a known face or of what is below it
};

}  // namespace faceperturb
