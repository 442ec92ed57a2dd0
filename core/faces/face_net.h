// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <opencv2/dnn.hpp>
#include <string>
#include <vector>

#include "faces/detector.h"

namespace faceperturb {

/// A network that finds faces, by OpenCV's dnn; the kind is recognised from the file:
/// - `.cfg` or `.weights`, the other beside it: a YOLOv3 of Darknet;
/// - `.onnx` with the outputs cls, obj, bbox (and kps) at strides 8, 16, 32: YuNet, heads of 2023;
/// - `.onnx` with the outputs `boxes` and `scores`: an SSD such as RFB.
class FaceNet {
 public:
  enum class Kind { yolo, yunet, ssd };

  /// Throws ModelError.
  explicit FaceNet(const std::string& model);

  Kind kind() const { return kind_; }
  /// What it was made for: the size in the .cfg; for YuNet the largest, for an SSD the only one.
  /// Sides of other inputs are multiples of 32.
  cv::Size input() const { return input_; }

  /// The faces in a BGR picture of an input's size, surest first, each once: boxes as the network
  /// draws them, in pixels of the input, with five points where it gives them.
  std::vector<Detection> detect(const cv::Mat& bgr, float least_score);

 private:
  using Outputs = std::vector<cv::Mat>;

  void read_darknet(const std::string& model);
  void read_onnx(const std::string& model);
  const cv::Mat& output(const std::string& name) const;
  std::vector<Detection> decode(cv::Size input, float least_score) const;
  std::vector<Detection> decode_yolo(cv::Size input, float least_score) const;
  std::vector<Detection> decode_yunet(cv::Size input, float least_score) const;
  std::vector<Detection> decode_ssd(cv::Size input, float least_score) const;

  cv::dnn::Net net_;
  Kind kind_{};
  cv::Size input_;
  double scale_ = 1, mean_ = 0;  // (pixel - mean) * scale
  std::vector<std::string> names_;
  Outputs outputs_;
};

/// A box that a network drew about a whole face, as brows to chin: those that learnt from WIDER
/// FACE include the forehead and are taller than wide.
Rect brows_to_chin(const Rect& box);

}  // namespace faceperturb
