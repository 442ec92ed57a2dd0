// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <opencv2/core.hpp>

#include "frame/patch.h"
#include "perturb/cae.h"
#include "perturb/methods.h"

namespace faceperturb {

/// Puts the autoencoder's reconstruction of a face in the place of its cells, in any format.
class CaeFilter {
 public:
  void apply(const FaceCells& face);

 private:
  std::unique_ptr<Autoencoder> autoencoder_;  // made at the first face
  Patch patch_;
  cv::Mat smooth_;
  cv::Mat face_;
};

}  // namespace faceperturb
