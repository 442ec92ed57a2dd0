// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <string>

#include "faces/detector.h"

namespace faceperturb {

/// A detector by the neural network in `model`; the kind is recognised from the file:
/// - `.cfg` or `.weights`: a Darknet YOLO net, the other file of the pair beside it;
/// - `.onnx`: YuNet (12 outputs: cls, obj, bbox, kps at strides 8, 16, 32) or an SSD with the
/// outputs
///   `boxes` and `scores` (RFB);
/// - `.dat`: dlib's CNN detector (max-margin object detection).
/// Throws ModelError.
std::unique_ptr<Detector> make_dnn_detector(const std::string& model);

/// The last of them: the one file that includes dlib's networks.
std::unique_ptr<Detector> make_mmod_detector(const std::string& model);

}  // namespace faceperturb
