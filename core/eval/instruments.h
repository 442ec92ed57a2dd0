// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <opencv2/core/mat.hpp>
#include <string>
#include <vector>

#include "eval/detectors.h"
#include "eval/embedders.h"
#include "eval/quality.h"
#include "faces/face.h"
#include "faces/landmarks.h"

namespace faceperturb::eval {

/// Which files to measure with. The built-in instruments (HOG, cascades, histogram, BRISQUE)
/// are always there.
struct Models {
  std::string landmarks;
  /// As make_detector(), make_net_embedder() and make_net_quality() take them.
  std::vector<std::string> detectors, embedders, quality;
};

template <typename T>
struct Named {
  std::string name;
  std::unique_ptr<T> tool;
};

/// Everything that looks at pictures. Not thread safe: one for each thread.
class Instruments {
 public:
  /// Throws ModelError.
  explicit Instruments(const Models& models);

  std::vector<std::string> detector_names() const;
  std::vector<std::string> embedder_names() const;
  std::vector<std::string> quality_names() const;

  /// What each detector finds in a BGR picture, in its pixels: faces of about `min_face_size`
  /// (pixels) or larger.
  std::vector<std::vector<Detection>> detect(const cv::Mat& bgr, int min_face_size);
  std::vector<Embedding> embed(const cv::Mat& aligned);
  std::vector<double> rate(const cv::Mat& aligned);
  /// The landmarks of the face in `box`, whether or not they are plausible.
  Landmarks landmarks(const cv::Mat& bgr, const Rect& box) const;

 private:
  std::vector<Named<PictureDetector>> detectors_;
  std::vector<Named<Embedder>> embedders_;
  std::vector<Named<QualityMeter>> quality_;
  LandmarkPredictor predictor_;
};

}  // namespace faceperturb::eval
