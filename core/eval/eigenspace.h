// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <opencv2/core.hpp>
#include <span>
#include <vector>

#include "eval/embedders.h"

namespace faceperturb::eval {

/// Eigenfaces (Turk and Pentland, 1991) of M grey pictures of one size; values in 0..1. The
/// eigenvectors of the pixels' covariance come from those of the M x M matrix of inner products,
/// which cv::PCA takes where pictures are fewer than pixels.
class Eigenspace {
 public:
  /// At most `components`, at least one picture.
  Eigenspace(std::span<const cv::Mat> faces, int components);

  int components() const { return pca_.eigenvectors.rows; }
  /// The average face, 8-bit, for looking at.
  cv::Mat average() const;
  /// The coordinates of a picture.
  std::vector<float> project(const cv::Mat& face) const;
  /// The coordinates scaled to length 1: for recognition by the cosine.
  Embedding embed(const cv::Mat& face) const;

 private:
  int rows_;
  cv::PCA pca_;
};

double squared_distance(std::span<const float> a, std::span<const float> b);

/// A protected picture: how far it was moved in eigenface space, and whether a detector still sees
/// the face.
struct Moved {
  double squared_distance;
  bool seen;
};

/// The threshold theta: the largest squared distance such that among all pictures that moved no
/// farther, the share that is no longer seen is at most `drop`. 0 where there is none.
double theta(std::vector<Moved> moved, double drop);

}  // namespace faceperturb::eval
