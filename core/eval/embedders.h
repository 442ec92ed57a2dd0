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

/// A recognition network: `FILE[,CONFIG][,size=N][,input=RANGE][,bgr]`, of any kind that OpenCV
/// reads (ONNX, Caffe, TensorFlow, Torch; CONFIG is the second file of those that have two). Its
/// input is 1x3xNxN, N = 112 unless told otherwise, RGB unless `bgr`, its values, RANGE:
/// - `imagenet`: less ImageNet's mean over its standard deviation; the default
/// - `-1..1`, `0..1`, `0..255`
/// Its output, of any length, is scaled to length 1. Throws ModelError.
std::unique_ptr<Embedder> make_net_embedder(const std::string& model);

/// The name that a report gives it: the file's without folder and extension.
std::string embedder_name(const std::string& model);

/// The files that make_net_embedder() reads.
std::vector<std::string> embedder_files(const std::string& model);

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
