// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/face_nets.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>

namespace faceperturb::eval {
namespace {

namespace fs = std::filesystem;
using Outputs = std::map<std::string, cv::Mat>;

constexpr float least_score = 0.05F, sure_score = 0.5F;
constexpr float same_face = 0.4F;  // overlap of two boxes of one face
constexpr double least_face = 16;  // pixels of the input
constexpr int multiple = 32;       // that the sides of an input are of, where the picture sets it

enum class Fit { letterbox, own, stretch };

// What a family of networks wants and says. Boxes are in input pixels.
struct Family {
  Fit fit;
  cv::Size input;
  double scale, mean;  // (pixel - mean) * scale
  bool rgb;
  std::vector<Detection> (*decode)(const Outputs& outputs, cv::Size input);
};

Rect around(float x, float y, float width, float height) {
  return {x - width / 2, y - height / 2, width, height};
}

std::vector<Detection> decode_yolo(const Outputs& outputs, cv::Size input) {
  const auto w = static_cast<float>(input.width), h = static_cast<float>(input.height);
  std::vector<Detection> found;
  for (const auto& [name, rows] : outputs)
    for (int i = 0; i < rows.rows; ++i) {
      const float* row = rows.ptr<float>(i);
      if (const float score = row[4] * row[5]; score >= least_score)
        found.push_back(
            {.box = around(row[0] * w, row[1] * h, row[2] * w, row[3] * h), .score = score});
    }
  return found;
}

// Heads of 2023: score = sqrt(cls * obj); centre and size relative to the cell.
std::vector<Detection> decode_yunet(const Outputs& outputs, cv::Size input) {
  std::vector<Detection> found;
  for (const int stride : {8, 16, 32}) {
    const auto head = [&](const char* name) {
      return outputs.at(name + std::to_string(stride)).ptr<float>();
    };
    const float *cls = head("cls_"), *obj = head("obj_"), *box = head("bbox_");
    const int columns = input.width / stride, rows = input.height / stride;
    const auto s = static_cast<float>(stride);
    for (int i = 0; i < columns * rows; ++i, box += 4) {
      const float score = std::sqrt(std::max(0.F, cls[i] * obj[i]));
      if (!(score >= least_score)) continue;
      const auto x = static_cast<float>(i % columns), y = static_cast<float>(i / columns);
      found.push_back({.box = around((x + box[0]) * s, (y + box[1]) * s, std::exp(box[2]) * s,
                                     std::exp(box[3]) * s),
                       .score = score});
    }
  }
  return found;
}

std::vector<Detection> decode_ssd(const Outputs& outputs, cv::Size input) {
  const cv::Mat& boxes = outputs.at("boxes");
  const float *box = boxes.ptr<float>(), *score = outputs.at("scores").ptr<float>();
  const auto w = static_cast<float>(input.width), h = static_cast<float>(input.height);
  std::vector<Detection> found;
  for (int i = 0; i < boxes.size[1]; ++i, box += 4, score += 2)
    if (score[1] >= least_score)
      found.push_back(
          {.box = {box[0] * w, box[1] * h, (box[2] - box[0]) * w, (box[3] - box[1]) * h},
           .score = score[1]});
  return found;
}

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

class FaceNet final : public PictureDetector {
 public:
  FaceNet(cv::dnn::Net net, Family family)
      : net_(std::move(net)), family_(family), names_(net_.getUnconnectedOutLayersNames()) {}

  std::vector<Detection> detect(const cv::Mat& bgr, int min_face_size) override {
    const cv::Size input = input_size(bgr.size(), min_face_size);
    cv::Mat canvas;
    double zoom_x = static_cast<double>(input.width) / bgr.cols;
    double zoom_y = static_cast<double>(input.height) / bgr.rows;
    if (family_.fit != Fit::stretch) zoom_x = zoom_y = std::min(zoom_x, zoom_y);
    if (family_.fit == Fit::own) zoom_x = zoom_y = std::min(zoom_x, 1.0);
    cv::resize(bgr, canvas, {}, zoom_x, zoom_y, zoom_x < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
    canvas = canvas(cv::Rect({}, canvas.size()) & cv::Rect({}, input));
    const int left = family_.fit == Fit::letterbox ? (input.width - canvas.cols) / 2 : 0;
    const int top = family_.fit == Fit::letterbox ? (input.height - canvas.rows) / 2 : 0;
    const auto padding = cv::Scalar::all(family_.fit == Fit::letterbox ? 128 : 0);
    cv::copyMakeBorder(canvas, canvas, top, input.height - top - canvas.rows, left,
                       input.width - left - canvas.cols, cv::BORDER_CONSTANT, padding);
    net_.setInput(cv::dnn::blobFromImage(canvas, family_.scale, {}, cv::Scalar::all(family_.mean),
                                         family_.rgb));
    std::vector<cv::Mat> results;
    net_.forward(results, names_);
    Outputs outputs;
    for (std::size_t i = 0; i < names_.size(); ++i) outputs[names_[i]] = results[i];

    std::vector<Detection> faces;
    const auto x = static_cast<float>(1 / zoom_x), y = static_cast<float>(1 / zoom_y);
    for (Detection face : without_doubles(family_.decode(outputs, input))) {
      face.box = brows_to_chin({(face.box.x - static_cast<float>(left)) * x,
                                (face.box.y - static_cast<float>(top)) * y, face.box.width * x,
                                face.box.height * y});
      face.sure = face.score >= sure_score;
      faces.push_back(face);
    }
    return faces;
  }

 private:
  cv::Size input_size(cv::Size picture, int min_face_size) const {
    if (family_.fit == Fit::stretch) return family_.input;
    const double needed = std::min(1.0, least_face / min_face_size);
    const double zoom = zoom_into(picture, family_.input);
    if (zoom < needed) return up(picture, needed);
    return family_.fit == Fit::own ? up(picture, std::min(zoom, 1.0)) : family_.input;
  }

  // Surest first.
  static std::vector<Detection> without_doubles(const std::vector<Detection>& found) {
    std::vector<cv::Rect2d> boxes;
    std::vector<float> scores;
    for (const Detection& d : found) {
      boxes.emplace_back(d.box.x, d.box.y, d.box.width, d.box.height);
      scores.push_back(d.score);
    }
    std::vector<int> kept;
    cv::dnn::NMSBoxes(boxes, scores, least_score, same_face, kept);
    std::vector<Detection> faces;
    for (const int i : kept) faces.push_back(found[static_cast<std::size_t>(i)]);
    return faces;
  }

  cv::dnn::Net net_;
  Family family_;
  std::vector<std::string> names_;
};

void need_file(const std::string& file) {
  if (!fs::is_regular_file(file)) throw ModelError("'" + file + "' does not exist");
}

// The lines `width=` and `height=` of Darknet's [net].
cv::Size darknet_input(const std::string& cfg) {
  std::ifstream in(cfg);
  cv::Size size;
  for (std::string line; std::getline(in, line) && size.empty();) {
    std::erase(line, ' ');
    if (line.starts_with("width=")) size.width = std::atoi(line.c_str() + 6);
    if (line.starts_with("height=")) size.height = std::atoi(line.c_str() + 7);
  }
  if (size.empty() || size.width % multiple || size.height % multiple)
    throw ModelError("'" + cfg + "' has no width and height that are multiples of 32");
  return size;
}

std::unique_ptr<PictureDetector> make_yolo(const fs::path& model) {
  const std::string cfg = fs::path(model).replace_extension(".cfg");
  const std::string weights = fs::path(model).replace_extension(".weights");
  need_file(cfg);
  need_file(weights);
  const cv::Size input = darknet_input(cfg);
  return std::make_unique<FaceNet>(cv::dnn::readNetFromDarknet(cfg, weights),
                                   Family{Fit::letterbox, input, 1 / 255.0, 0, true, decode_yolo});
}

std::unique_ptr<PictureDetector> make_onnx(const std::string& model) {
  need_file(model);
  cv::dnn::Net net = cv::dnn::readNetFromONNX(model);
  const auto names = net.getUnconnectedOutLayersNames();
  const auto has = [&](const char* name) { return std::ranges::find(names, name) != names.end(); };
  if (names.size() == 12 && has("cls_8") && has("obj_8") && has("bbox_8"))
    return std::make_unique<FaceNet>(net, Family{Fit::own, {640, 640}, 1, 0, false, decode_yunet});
  if (has("boxes") && has("scores"))
    return std::make_unique<FaceNet>(
        net, Family{Fit::stretch, {320, 240}, 1 / 128.0, 127, true, decode_ssd});
  throw ModelError("'" + model + "' is neither YuNet nor an SSD with outputs boxes and scores");
}

}  // namespace

std::unique_ptr<PictureDetector> make_face_net(const std::string& model) {
  need_file(model);
  const std::string extension = fs::path(model).extension();
  try {
    std::unique_ptr<PictureDetector> net;
    if (extension == ".cfg" || extension == ".weights")
      net = make_yolo(model);
    else if (extension == ".onnx")
      net = make_onnx(model);
    else
      throw ModelError("'" + model + "' is none of .cfg, .weights, .onnx, .dat");
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
