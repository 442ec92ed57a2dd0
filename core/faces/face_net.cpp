// SPDX-License-Identifier: LGPL-2.1-or-later
#include "faces/face_net.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace faceperturb {
namespace {

namespace fs = std::filesystem;

constexpr float same_face = 0.4F;  // overlap (intersection over union) of two boxes of one face
constexpr int multiple = 32;       // that the sides of an input are of
constexpr int strides[] = {8, 16, 32};

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

Rect around(float x, float y, float width, float height) {
  return {x - width / 2, y - height / 2, width, height};
}

// Surest first.
std::vector<Detection> without_doubles(std::vector<Detection> found, float least_score) {
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

}  // namespace

Rect brows_to_chin(const Rect& box) {
  const float side = 0.9F * std::sqrt(std::max(0.F, box.width * box.height));
  return around(box.x + box.width / 2, box.y + 0.57F * box.height, side, side);
}

FaceNet::FaceNet(const std::string& model) {
  need_file(model);
  const std::string extension = fs::path(model).extension();
  if (extension == ".onnx")
    read_onnx(model);
  else
    read_darknet(model);
}

void FaceNet::read_darknet(const std::string& model) {
  const std::string cfg = fs::path(model).replace_extension(".cfg");
  const std::string weights = fs::path(model).replace_extension(".weights");
  need_file(cfg);
  need_file(weights);
  kind_ = Kind::yolo;
  input_ = darknet_input(cfg);
  scale_ = 1 / 255.0;
  net_ = cv::dnn::readNetFromDarknet(cfg, weights);
  names_ = net_.getUnconnectedOutLayersNames();
}

void FaceNet::read_onnx(const std::string& model) {
  net_ = cv::dnn::readNetFromONNX(model);
  names_ = net_.getUnconnectedOutLayersNames();
  const auto has = [&](const char* name) {
    return std::ranges::find(names_, name) != names_.end();
  };
  if (has("cls_8") && has("obj_8") && has("bbox_8")) {
    kind_ = Kind::yunet;
    input_ = {640, 640};
  } else if (has("boxes") && has("scores")) {
    kind_ = Kind::ssd;
    input_ = {320, 240};
    scale_ = 1 / 128.0;
    mean_ = 127;
  } else {
    throw ModelError("'" + model + "' is neither YuNet nor an SSD with outputs boxes and scores");
  }
}

const cv::Mat& FaceNet::output(const std::string& name) const {
  const auto found = std::ranges::find(names_, name);
  static const cv::Mat none;
  return found == names_.end() ? none : outputs_[static_cast<std::size_t>(found - names_.begin())];
}

std::vector<Detection> FaceNet::detect(const cv::Mat& bgr, float least_score) {
  net_.setInput(cv::dnn::blobFromImage(bgr, scale_, {}, cv::Scalar::all(mean_),
                                       kind_ != Kind::yunet));  // the others learnt from RGB
  outputs_.clear();
  net_.forward(outputs_, names_);
  return without_doubles(decode(bgr.size(), least_score), least_score);
}

std::vector<Detection> FaceNet::decode(cv::Size input, float least_score) const {
  if (kind_ == Kind::yolo) return decode_yolo(input, least_score);
  if (kind_ == Kind::yunet) return decode_yunet(input, least_score);
  return decode_ssd(input, least_score);
}

std::vector<Detection> FaceNet::decode_yolo(cv::Size input, float least_score) const {
  const auto w = static_cast<float>(input.width), h = static_cast<float>(input.height);
  std::vector<Detection> found;
  for (const cv::Mat& rows : outputs_) {
    for (int i = 0; i < rows.rows; ++i) {
      const float* row = rows.ptr<float>(i);
      if (const float score = row[4] * row[5]; score >= least_score)
        found.push_back(
            {.box = around(row[0] * w, row[1] * h, row[2] * w, row[3] * h), .score = score});
    }
  }
  return found;
}

// score = sqrt(cls * obj); centre, size and points relative to the cell.
std::vector<Detection> FaceNet::decode_yunet(cv::Size input, float least_score) const {
  std::vector<Detection> found;
  for (const int stride : strides) {
    const auto head = [&](const char* name) {
      const cv::Mat& mat = output(name + std::to_string(stride));
      return mat.empty() ? nullptr : mat.ptr<float>();
    };
    const float *cls = head("cls_"), *obj = head("obj_"), *box = head("bbox_"), *kps = head("kps_");
    const int columns = input.width / stride, rows = input.height / stride;
    const auto s = static_cast<float>(stride);
    for (int i = 0; i < columns * rows; ++i) {
      const float score = std::sqrt(std::max(0.F, cls[i] * obj[i]));
      if (!(score >= least_score)) continue;
      const int column = i % columns, row = i / columns;
      const auto x = static_cast<float>(column), y = static_cast<float>(row);
      const float* b = box + 4 * i;
      Detection face{
          .box = around((x + b[0]) * s, (y + b[1]) * s, std::exp(b[2]) * s, std::exp(b[3]) * s),
          .score = score};
      if (kps) {
        FivePoints& points = face.points.emplace();
        for (std::size_t k = 0; k < points.size(); ++k) {
          const float* p = kps + 10 * i + 2 * k;
          points[k] = {(x + p[0]) * s, (y + p[1]) * s};
        }
      }
      found.push_back(face);
    }
  }
  return found;
}

std::vector<Detection> FaceNet::decode_ssd(cv::Size input, float least_score) const {
  const cv::Mat& boxes = output("boxes");
  const float *box = boxes.ptr<float>(), *score = output("scores").ptr<float>();
  const auto w = static_cast<float>(input.width), h = static_cast<float>(input.height);
  std::vector<Detection> found;
  for (int i = 0; i < boxes.size[1]; ++i, box += 4, score += 2)
    if (score[1] >= least_score)
      found.push_back(
          {.box = {box[0] * w, box[1] * h, (box[2] - box[0]) * w, (box[3] - box[1]) * h},
           .score = score[1]});
  return found;
}

}  // namespace faceperturb
