// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <opencv2/core.hpp>
#include <vector>

#include "faces/face.h"

namespace faceperturb {

/// The average face as the arrangement needs it: its tones, at every scale.
class FaceTemplate {
 public:
  /// What cells can be sorted by.
  enum Tone {
    luma,
    blue,    ///< blue less luma: U
    red,     ///< red less luma: V
    warmth,  ///< red less blue
  };
  static constexpr std::size_t tones = 4;

  static constexpr int one = 1 << 14;

  /// A scale of the pyramid: its pixel (x, y) is the full size's (2^n x, 2^n y). Maps are CV_16UC1;
  /// numbers are below 1 << 15, tones 0..one-1, no colour at one/2.
  struct Level {
    std::array<cv::Mat, tones> head;
    std::array<cv::Mat, tones>
        skin;      ///< beyond the face its skin goes on; eyes and mouth stand out
    cv::Mat part;  ///< 0 on the backdrop, `one` on head and neck, nearly 2 `one` within the face
  };

  /// The one of assets/average_face.h; made at the first call, from any thread.
  static const FaceTemplate& shared();

  cv::Size size() const { return levels_.front().part.size(); }
  const Landmarks& landmarks() const { return landmarks_; }  ///< in pixels of the full size
  float face_width() const { return landmarks_[16].x - landmarks_[0].x; }

  /// The level to draw from when a template pixel becomes `scale` (> 0) target pixels: the smallest
  /// that still has one pixel for each.
  std::size_t level_for(float scale) const;
  const Level& level(std::size_t n) const { return levels_[n]; }

 private:
  FaceTemplate();

  Landmarks landmarks_;
  std::vector<Level> levels_;
};

}  // namespace faceperturb
