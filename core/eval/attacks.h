// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <opencv2/core/mat.hpp>
#include <span>
#include <string_view>
#include <vector>

namespace faceperturb::eval {

/// What an attacker who knows the method does to protected frames before looking at the face.
struct Restoration {
  std::string_view name;
  std::string_view description;
  int frames;  ///< protected copies of one picture that it takes, each with draws of its own
  cv::Mat (*apply)(std::span<const cv::Mat> frames);
};

std::span<const Restoration> restorations();

/// Undoes one permutation that was used for several pictures of one size: each pixel of the
/// protected pictures is looked up, by its values in all of them, in the clear ones.
class KnownPlaintext {
 public:
  /// Learns from clear pictures (CV_8UC3) and what became of them. Throws std::invalid_argument
  /// where there is none, or sizes differ.
  KnownPlaintext(std::span<const cv::Mat> clear, std::span<const cv::Mat> changed);

  /// Places whose origin is known and is another place.
  std::size_t known() const { return moves_.size(); }
  /// Moves the pixels of another picture back.
  cv::Mat restore(const cv::Mat& changed) const;

 private:
  struct Move {
    int from, to;  // pixel numbers: where it is found, where it was
  };
  std::vector<Move> moves_;
};

/// Of the pixels that differ between the clear and the protected picture, the share that the
/// restored one has right.
double restored_share(const cv::Mat& clear, const cv::Mat& changed, const cv::Mat& restored);

}  // namespace faceperturb::eval
