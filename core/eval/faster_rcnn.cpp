// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/faster_rcnn.h"

#include <algorithm>
#include <filesystem>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>

#include "faces/face_net.h"

namespace faceperturb::eval {
namespace {

namespace fs = std::filesystem;

constexpr float sure_score = 0.5F;
constexpr int shorter_side = 600, longer_side = 1000;  // of the input, as the networks are trained

class FasterRcnn final : public PictureDetector {
 public:
  FasterRcnn(const cv::dnn::Net& net, bool caffe) : net_(net), caffe_(caffe) {
    const auto first = net_.getLayer(0);
    wants_size_ = first->outputNameToIndex("im_info") != -1;
  }

  std::vector<Detection> detect(const cv::Mat& bgr, int min_face_size) override {
    const double zoom = std::min(static_cast<double>(shorter_side) / std::min(bgr.cols, bgr.rows),
                                 static_cast<double>(longer_side) / std::max(bgr.cols, bgr.rows));
    cv::Mat input;
    cv::resize(bgr, input, {}, zoom, zoom, zoom < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
    const cv::Mat blob = caffe_
                             ? cv::dnn::blobFromImage(input, 1, {}, {102.9801, 115.9465, 122.7717})
                             : cv::dnn::blobFromImage(input, 1, {}, {}, /*swapRB=*/true);
    if (wants_size_) {
      net_.setInput(blob, "data");
      net_.setInput(cv::Mat(cv::Matx13f(static_cast<float>(input.rows),
                                        static_cast<float>(input.cols), static_cast<float>(zoom))),
                    "im_info");
    } else {
      net_.setInput(blob);
    }
    const cv::Mat out = net_.forward();
    return decode(out, input.size(), static_cast<float>(1 / zoom), min_face_size);
  }

 private:
  static std::vector<Detection> decode(const cv::Mat& out, cv::Size input, float back,
                                       int min_face_size) {
    constexpr std::size_t columns = 7;
    std::vector<Detection> faces;
    const float* row = out.ptr<float>();
    for (std::size_t i = 0; i + columns <= out.total(); i += columns, row += columns) {
      float left = row[3], top = row[4], right = row[5], bottom = row[6];
      if (right - left <= 2 && bottom - top <= 2) {  // shares of the input, not pixels
        left *= static_cast<float>(input.width);
        right *= static_cast<float>(input.width);
        top *= static_cast<float>(input.height);
        bottom *= static_cast<float>(input.height);
      }
      if (!(right > left && bottom > top)) continue;  // found nothing: a row of zeros
      const Rect box =
          brows_to_chin({left * back, top * back, (right - left) * back, (bottom - top) * back});
      if (box.width < static_cast<float>(min_face_size)) continue;
      faces.push_back({.box = box, .score = row[2], .sure = row[2] >= sure_score});
    }
    std::ranges::stable_sort(faces, std::greater{}, &Detection::score);
    return faces;
  }

  cv::dnn::Net net_;
  bool caffe_;
  bool wants_size_;
};

}  // namespace

std::unique_ptr<PictureDetector> make_faster_rcnn(const std::string& weights,
                                                  const std::string& config) {
  for (const std::string* file : {&weights, &config})
    if (!file->empty() && !fs::is_regular_file(*file))
      throw ModelError("'" + *file + "' does not exist");
  const bool caffe = fs::path(config).extension() == ".prototxt";
  try {
    const auto net = caffe ? cv::dnn::readNetFromCaffe(config, weights)
                           : cv::dnn::readNetFromTensorflow(weights, config);
    auto detector = std::make_unique<FasterRcnn>(net, caffe);
    // A network that cannot run must not be noticed by the first picture.
    detector->detect(cv::Mat(240, 320, CV_8UC3, cv::Scalar::all(128)), 40);
    return detector;
  } catch (const cv::Exception&) {
    throw ModelError("'" + (weights.empty() ? config : weights) +
                     "' is no network with a DetectionOutput layer, or is damaged");
  }
}

}  // namespace faceperturb::eval
