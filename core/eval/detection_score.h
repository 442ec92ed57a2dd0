// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>
#include <vector>

#include "faces/detector.h"

namespace faceperturb::eval {

struct DetectionScore {
  int faces = 0;                            ///< that the truth has
  double precision = 0, recall = 0, f = 0;  ///< NaN where nothing was found, or nothing is there
  /// Area under the precision-recall curve with all-point interpolation (precision made monotonic;
  /// PASCAL VOC from 2010 on), over every detection whatever its score.
  double average_precision = 0;
};

/// Scores one detector over many pictures.
class DetectionScorer {
 public:
  /// `found` and the truth of one picture. A detection is right where its overlap (intersection
  /// over union) with a face that no surer detection has is above 0.5. One that lies so on a box of
  /// `ignored` instead is not counted at all.
  void add(std::span<const Detection> found, std::span<const Rect> faces,
           std::span<const Rect> ignored);

  /// Precision, recall and F (alpha = 1) of the detections whose score is above `min_score`.
  DetectionScore score(double min_score) const;

 private:
  struct Hit {
    float score;
    bool right;
  };
  std::vector<Hit> hits_;
  int faces_ = 0;
};

/// Harmonic mean of precision and recall.
double f_measure(double precision, double recall);

}  // namespace faceperturb::eval
