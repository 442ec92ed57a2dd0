// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <string>

#include "faces/detector.h"

namespace faceperturb::eval {

/// A detector by name: `faster-rcnn:WEIGHTS,CONFIG` (TensorFlow .pb and .pbtxt, or Caffe
/// .caffemodel and .prototxt; a network without weights has only `faster-rcnn:CONFIG`), otherwise a
/// file that make_dnn_detector() knows. Throws ModelError.
std::unique_ptr<Detector> make_detector(const std::string& model);

/// The name that a report gives it: the file's without folder and extension.
std::string detector_name(const std::string& model);

/// A network whose output has the layout of the DetectionOutput layer, such as Faster R-CNN (Ren,
/// He, Girshick and Sun, NIPS 2015): rows of picture, class, score, left, top, right, bottom.
/// The layer leaves the background out; every other class counts as a face. Boxes are about whole
/// faces.
std::unique_ptr<Detector> make_faster_rcnn(const std::string& weights, const std::string& config);

}  // namespace faceperturb::eval
