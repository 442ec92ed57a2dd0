// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <string>

#include "eval/detectors.h"

namespace faceperturb::eval {

/// A network whose output has the layout of the DetectionOutput layer, such as Faster R-CNN (Ren,
/// He, Girshick and Sun, NIPS 2015): rows of picture, class, score, left, top, right, bottom.
/// The layer leaves the background out; every other class counts as a face. Boxes are about whole
/// faces. TensorFlow's .pb and .pbtxt (RGB, 0..255), or Caffe's .caffemodel and .prototxt (BGR less
/// the mean of its authors); `weights` is empty where the network has none. The input is scaled to
/// 600 pixels on its shorter side, at most 1000 on the longer. Sure at a score of 0.5; found from
/// the layer's own threshold on. Throws ModelError.
std::unique_ptr<PictureDetector> make_faster_rcnn(const std::string& weights,
                                                  const std::string& config);

}  // namespace faceperturb::eval
