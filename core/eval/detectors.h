// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <opencv2/core/mat.hpp>
#include <string>
#include <vector>

#include "faces/detector.h"

namespace faceperturb::eval {

/// Finds faces in a picture, as a detector's users call it: a network that was trained on colour
/// sees colour, and faces that it is not sure of are told too. Not thread safe.
class PictureDetector {
 public:
  virtual ~PictureDetector() = default;
  /// Faces whose box is about `min_face_size` (pixels) or larger, in pixels of `bgr` (CV_8UC3).
  /// `sure`: whether the detector counts them by its usual threshold; the others are for
  /// precision-recall curves.
  virtual std::vector<Detection> detect(const cv::Mat& bgr, int min_face_size) = 0;
};

/// dlib's HOG, of luma. Sure above its own threshold, 0; found from -1 on.
std::unique_ptr<PictureDetector> make_hog();

/// Haar cascades, frontal and of both profiles, of luma. The score is the number of windows that
/// agree; sure above 3. Throws ModelError.
std::unique_ptr<PictureDetector> make_cascades();

/// A detector by name: `faster-rcnn:WEIGHTS,CONFIG` (see faster_rcnn.h; a network without weights
/// has only `faster-rcnn:CONFIG`), otherwise a file of face_nets.h or dlib's `.dat` (of luma, from
/// its own threshold on). Throws ModelError.
std::unique_ptr<PictureDetector> make_detector(const std::string& model);

/// The name that a report gives it: the file's without folder and extension.
std::string detector_name(const std::string& model);

/// The files that make_detector() reads.
std::vector<std::string> files_of(const std::string& model);

/// The detections that are sure.
std::vector<Detection> sure_ones(const std::vector<Detection>& found);

}  // namespace faceperturb::eval
