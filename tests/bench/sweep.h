// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <opencv2/core.hpp>
#include <string>
#include <vector>

namespace bench {

struct SweepOptions {
  std::vector<cv::Size> sizes{{640, 360}, {1280, 720}, {1920, 1080}, {3840, 2160}};
  std::vector<std::string> axes{"resolution", "still",  "faces",  "format",
                                "detector",   "method", "streams"};
  std::vector<int> streams{1, 2, 4, 8, 16};
  int frames = 180;            ///< of every element in every case, at most
  int rounds = 3;              ///< in which the elements take turns
  double seconds = 3;          ///< at most for one element in one case
  std::string detector_model;  ///< for detector=dnn; empty: it is left out
  std::string csv;             ///< file that the figures go to as well
};

/// Measures, axis by axis, identity, ours and others' elements on the same pictures; prints a table
/// for each axis and whether the marks are met.
void sweep(const SweepOptions& options);

/// The axes that there are.
const std::vector<std::string>& axes();

}  // namespace bench
