// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/face_nets.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <opencv2/imgproc.hpp>

#include "faces/face_net.h"

namespace faceperturb::eval {
namespace {

constexpr float least_score = 0.05F, sure_score = 0.5F;
constexpr double least_face = 16;  // pixels of the input
constexpr int multiple = 32;       // that the sides of an input are of, where the picture sets it

cv::Size up(cv::Size picture, double zoom) {
  const auto side = [&](int length) {
    return std::max(1, static_cast<int>(std::ceil(length * zoom / multiple))) * multiple;
  };
  return {side(picture.width), side(picture.height)};
}

double zoom_into(cv::Size picture, cv::Size input) {
  return std::min(static_cast<double>(input.width) / picture.width,
                  static_cast<double>(input.height) / picture.height);
}

// A network on a picture in colour, fed as its users feed it.
class ColourNet final : public PictureDetector {
 public:
  explicit ColourNet(const std::string& model) : net_(model) {}

  std::vector<Detection> detect(const cv::Mat& bgr, int min_face_size) override {
    const bool stretched = net_.kind() == FaceNet::Kind::ssd;
    const bool letterboxed = net_.kind() == FaceNet::Kind::yolo;
    const cv::Size input = input_size(bgr.size(), min_face_size);
    cv::Mat canvas;
    double zoom_x = static_cast<double>(input.width) / bgr.cols;
    double zoom_y = static_cast<double>(input.height) / bgr.rows;
    if (!stretched) zoom_x = zoom_y = std::min(zoom_x, zoom_y);
    if (net_.kind() == FaceNet::Kind::yunet) zoom_x = zoom_y = std::min(zoom_x, 1.0);
    cv::resize(bgr, canvas, {}, zoom_x, zoom_y, zoom_x < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
    canvas = canvas(cv::Rect({}, canvas.size()) & cv::Rect({}, input));
    const int left = letterboxed ? (input.width - canvas.cols) / 2 : 0;
    const int top = letterboxed ? (input.height - canvas.rows) / 2 : 0;
    cv::copyMakeBorder(canvas, canvas, top, input.height - top - canvas.rows, left,
                       input.width - left - canvas.cols, cv::BORDER_CONSTANT,
                       cv::Scalar::all(letterboxed ? 128 : 0));

    std::vector<Detection> faces = net_.detect(canvas, least_score);
    const auto x = static_cast<float>(1 / zoom_x), y = static_cast<float>(1 / zoom_y);
    for (Detection& face : faces) {
      face.box = brows_to_chin({(face.box.x - static_cast<float>(left)) * x,
                                (face.box.y - static_cast<float>(top)) * y, face.box.width * x,
                                face.box.height * y});
      face.points.reset();
      face.sure = face.score >= sure_score;
    }
    return faces;
  }

 private:
  cv::Size input_size(cv::Size picture, int min_face_size) const {
    if (net_.kind() == FaceNet::Kind::ssd) return net_.input();
    const double needed = std::min(1.0, least_face / min_face_size);
    const double zoom = zoom_into(picture, net_.input());
    if (zoom < needed) return up(picture, needed);
    return net_.kind() == FaceNet::Kind::yunet ? up(picture, std::min(zoom, 1.0)) : net_.input();
  }

  FaceNet net_;
};

}  // namespace

std::unique_ptr<PictureDetector> make_face_net(const std::string& model) {
  if (!std::filesystem::is_regular_file(model)) throw ModelError("'" + model + "' does not exist");
  const std::string extension = std::filesystem::path(model).extension();
  if (extension != ".cfg" && extension != ".weights" && extension != ".onnx")
    throw ModelError("'" + model + "' is none of .cfg, .weights, .onnx, .dat");
  try {
    auto net = std::make_unique<ColourNet>(model);
    // A network that cannot run must not be noticed by the first picture.
    net->detect(cv::Mat(240, 320, CV_8UC3, cv::Scalar::all(128)), 40);
    return net;
  } catch (const ModelError&) {
    throw;
  } catch (const std::exception&) {
    throw ModelError("'" + model + "' is not a face detector of a known kind, or is damaged");
  }
}

}  // namespace faceperturb::eval
