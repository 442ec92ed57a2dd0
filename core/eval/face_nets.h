// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <string>

#include "eval/detectors.h"

namespace faceperturb::eval {

/// A face detection network in colour, the kind recognised from the file as
/// faceperturb::make_dnn_detector() does:
/// - `.cfg` or `.weights`, the other beside it: a YOLOv3 of Darknet, RGB, letterboxed to the size
///   in its .cfg;
/// - `.onnx` with YuNet's 12 outputs: BGR, the picture at its own size, at most 640x640;
/// - `.onnx` with outputs `boxes` and `scores`: an SSD such as RFB, RGB, stretched to 320x240.
/// The first two get a larger input where a face of `min_face_size` would be less than 16 pixels
/// there. Sure at a score of 0.5; found from 0.05 on. Throws ModelError.
std::unique_ptr<PictureDetector> make_face_net(const std::string& model);

}  // namespace faceperturb::eval
