// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "pictures.h"

namespace bench {

struct ElementOptions {
  std::vector<cv::Size> sizes{{640, 360}, {1280, 720}, {1920, 1080}};
  int frames = 24;     ///< of every element at every size
  int rounds = 4;      ///< in which the elements take turns
  double seconds = 6;  ///< at most for one element at one size
};

/// Times identity, faceblur and faceperturb on the same pictures and prints a table.
void bench_elements(const Pictures& pictures, const ElementOptions& options);

}  // namespace bench
