// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <opencv2/core/mat.hpp>

#include "faces/picture.h"

namespace faceperturb {

/// Knows when a scene has been searched to the end: every kind of search found nothing in it, and
/// since the first of them nothing has changed but a sensor's noise. Another search would be the
/// same search again.
///
/// Pictures are compared by Picture::block_means(): none of them may differ by more than 3 of 255
/// from the picture that the first of those searches saw, however slowly it came to that. A picture
/// without contrast (dark()) is never vouched for. Nor is any picture a second after the last
/// search: what was missed then has another chance.
class Stillness {
 public:
  using Time = std::chrono::nanoseconds;

  /// Whether `picture`, in which faces from `min_face_size` picture pixels on count, needs no
  /// search. If not, it is to be searched, and searched() told.
  bool vouches_for(const Picture& picture, int min_face_size, Time now);
  /// The picture asked about last was searched.
  void searched(bool found_nothing);
  /// The next picture has nothing to do with those before.
  void reset();

 private:
  cv::Mat reference_;  // block means of the first picture of a still scene
  int searches_ = 0;   // of the still scene, each of which found nothing
  Time last_{};        // of the last search
};

}  // namespace faceperturb
