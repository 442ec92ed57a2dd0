// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <opencv2/core/mat.hpp>
#include <string>
#include <vector>

namespace faceperturb::eval {

using Embedding = std::vector<float>;

/// Turns an aligned face (see align.h, BGR) into numbers that are near for one person and far for
/// two. Not thread safe.
class Embedder {
 public:
  virtual ~Embedder() = default;
  virtual Embedding embed(const cv::Mat& aligned) = 0;
};

/// A recognition network: input 1x3x112x112 RGB less ImageNet's mean over its standard deviation,
/// output of any length, scaled to length 1. Throws ModelError, also where the file is none.
std::unique_ptr<Embedder> make_net_embedder(const std::string& file);

/// The colour histogram of the face, 8x8x8 bins, as square roots. Length 1. A permutation within
/// the face keeps it.
std::unique_ptr<Embedder> make_histogram_embedder();

/// Histograms of uniform local binary patterns of 7x7 blocks of an aligned grey face (Ahonen, Hadid
/// and Pietikainen, IEEE TPAMI 2006), as square roots: the cosine is Bhattacharyya's coefficient.
/// Length 1.
Embedding lbph(const cv::Mat& aligned);

/// Of two embeddings of length 1: 1 where they are equal.
float cosine(const Embedding& a, const Embedding& b);

}  // namespace faceperturb::eval
