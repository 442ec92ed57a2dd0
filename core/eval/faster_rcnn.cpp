// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/faster_rcnn.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>

#include "faces/dnn.h"
#include "faces/picture.h"

namespace faceperturb::eval {
namespace {

namespace fs = std::filesystem;

constexpr const char* prefix = "faster-rcnn:";
constexpr float least_score = 0.5F;
constexpr int shorter_side = 600, longer_side = 1000;  // of the input, as the networks are trained

class FasterRcnn final : public Detector {
 public:
  FasterRcnn(cv::dnn::Net net, bool caffe) : net_(std::move(net)), caffe_(caffe) {
    const auto first = net_.getLayer(0);
    wants_size_ = first->outputNameToIndex("im_info") != -1;
  }

  std::vector<Detection> detect(const Picture& picture, int min_face_size) override {
    const cv::Mat& luma = picture.luma();
    const double zoom = std::min(static_cast<double>(shorter_side) / std::min(luma.cols, luma.rows),
                                 static_cast<double>(longer_side) / std::max(luma.cols, luma.rows));
    cv::Mat input;
    cv::resize(luma, input, {}, zoom, zoom, zoom < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
    cv::cvtColor(input, input, cv::COLOR_GRAY2BGR);
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
      if (!(row[2] >= least_score)) continue;
      float left = row[3], top = row[4], right = row[5], bottom = row[6];
      if (right - left <= 2 && bottom - top <= 2) {  // shares of the input, not pixels
        left *= static_cast<float>(input.width);
        right *= static_cast<float>(input.width);
        top *= static_cast<float>(input.height);
        bottom *= static_cast<float>(input.height);
      }
      const float width = (right - left) * back, height = (bottom - top) * back;
      // Brows to chin of a box about a whole face, as for the other networks.
      const float side = 0.9F * std::sqrt(std::max(0.F, width * height));
      if (side < static_cast<float>(min_face_size)) continue;
      faces.push_back({.box = {left * back + (width - side) / 2,
                               top * back + 0.57F * height - side / 2, side, side},
                       .score = row[2]});
    }
    std::ranges::stable_sort(faces, std::greater{}, &Detection::score);
    return faces;
  }

  cv::dnn::Net net_;
  bool caffe_;
  bool wants_size_;
};

}  // namespace

std::unique_ptr<Detector> make_faster_rcnn(const std::string& weights, const std::string& config) {
  for (const std::string* file : {&weights, &config})
    if (!file->empty() && !fs::is_regular_file(*file))
      throw ModelError("'" + *file + "' does not exist");
  const bool caffe = fs::path(config).extension() == ".prototxt";
  try {
    auto net = caffe ? cv::dnn::readNetFromCaffe(config, weights)
                     : cv::dnn::readNetFromTensorflow(weights, config);
    auto detector = std::make_unique<FasterRcnn>(std::move(net), caffe);
    // A network that cannot run must not be noticed by the first picture.
    const std::vector<std::uint8_t> grey(320 * 240, 128);
    detector->detect(Picture({grey.data(), 320, 240, 320}), 40);
    return detector;
  } catch (const cv::Exception&) {
    throw ModelError("'" + (weights.empty() ? config : weights) +
                     "' is no network with a DetectionOutput layer, or is damaged");
  }
}

std::unique_ptr<Detector> make_detector(const std::string& model) {
  if (!model.starts_with(prefix)) return make_dnn_detector(model);
  const std::string files = model.substr(std::string_view(prefix).size());
  const auto comma = files.find(',');
  if (comma == std::string::npos) return make_faster_rcnn({}, files);
  return make_faster_rcnn(files.substr(0, comma), files.substr(comma + 1));
}

std::string detector_name(const std::string& model) {
  if (!model.starts_with(prefix)) return fs::path(model).stem();
  const std::string files = model.substr(std::string_view(prefix).size());
  return prefix + fs::path(files.substr(0, files.find(','))).stem().string();
}

}  // namespace faceperturb::eval
