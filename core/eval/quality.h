// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <opencv2/core/mat.hpp>
#include <string>

namespace faceperturb::eval {

/// How good an aligned face (see align.h, BGR) is as a picture, by some measure. Not thread safe.
class QualityMeter {
 public:
  virtual ~QualityMeter() = default;
  virtual double measure(const cv::Mat& aligned) = 0;
};

/// A face quality network: input 1x3x112x112 RGB in -1..1; the mean of its outputs, larger is
/// better. Throws ModelError.
std::unique_ptr<QualityMeter> make_net_quality(const std::string& file);

/// BRISQUE (Mittal, Moorthy and Bovik, IEEE TIP 2012) with the model that Debian's opencv-data
/// has: 0 (best) to 100. Knows nothing of faces. Throws ModelError.
std::unique_ptr<QualityMeter> make_brisque();

}  // namespace faceperturb::eval
