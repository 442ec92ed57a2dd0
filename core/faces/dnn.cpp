// SPDX-License-Identifier: LGPL-2.1-or-later
#include "faces/dnn.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>

#include "faces/picture.h"

namespace faceperturb {
namespace {

namespace fs = std::filesystem;
using Outputs = std::map<std::string, cv::Mat>;

constexpr float min_score = 0.25F;
constexpr float sure_score = 0.5F;  // less counts in the dark, and must be seen again there
constexpr float same_face = 0.4F;   // overlap (intersection over union) of two boxes of one face

// A box that a net drew about a whole face, as brows to chin: nets that learnt from WIDER FACE
// include the forehead and are taller than wide.
Rect brows_to_chin(const cv::Rect2f& box) {
  const float side = std::sqrt(box.width * box.height) * 0.9F;
  const float x = box.x + box.width / 2, y = box.y + 0.57F * box.height;
  return {x - side / 2, y - side / 2, side, side};
}

// What a family of nets wants and says. Boxes are in input pixels.
struct Family {
  int multiple;        // width and height of the input are multiples of it
  cv::Size fixed;      // the only input size, or empty
  double scale, mean;  // (pixel - mean) * scale
  std::vector<Detection> (*decode)(const Outputs& outputs, cv::Size input);
};

std::vector<Detection> decode_yolo(const Outputs& outputs, cv::Size input) {
  std::vector<Detection> found;
  for (const auto& [name, rows] : outputs) {
    for (int i = 0; i < rows.rows; ++i) {
      const float* row = rows.ptr<float>(i);
      const float score = row[4] * row[5];
      if (!(score >= min_score)) continue;
      const float width = row[2] * static_cast<float>(input.width);
      const float height = row[3] * static_cast<float>(input.height);
      found.push_back(
          {.box = {row[0] * static_cast<float>(input.width) - width / 2,
                   row[1] * static_cast<float>(input.height) - height / 2, width, height},
           .score = score});
    }
  }
  return found;
}

// ShiqiYu's YuNet, 2023 heads: score = sqrt(cls * obj); centre and size relative to the cell.
std::vector<Detection> decode_yunet(const Outputs& outputs, cv::Size input) {
  std::vector<Detection> found;
  for (const int stride : {8, 16, 32}) {
    const auto head = [&](const char* name) {
      return outputs.at(name + std::to_string(stride)).ptr<float>();
    };
    const float *cls = head("cls_"), *obj = head("obj_"), *box = head("bbox_"), *kps = head("kps_");
    const int columns = input.width / stride, rows = input.height / stride;
    const auto s = static_cast<float>(stride);
    for (int i = 0; i < columns * rows; ++i) {
      const float score = std::sqrt(std::max(0.F, cls[i] * obj[i]));
      if (!(score >= min_score)) continue;
      const auto column = static_cast<float>(i % columns), row = static_cast<float>(i / columns);
      const float* b = box + 4 * i;
      const float width = std::exp(b[2]) * s, height = std::exp(b[3]) * s;
      FivePoints points;
      for (std::size_t k = 0; k < points.size(); ++k) {
        const float* p = kps + 10 * i + 2 * k;
        points[k] = {(column + p[0]) * s, (row + p[1]) * s};
      }
      found.push_back(
          {.box = {(column + b[0]) * s - width / 2, (row + b[1]) * s - height / 2, width, height},
           .score = score,
           .points = points});
    }
  }
  return found;
}

std::vector<Detection> decode_ssd(const Outputs& outputs, cv::Size input) {
  const cv::Mat& boxes = outputs.at("boxes");
  const float *box = boxes.ptr<float>(), *score = outputs.at("scores").ptr<float>();
  const auto width = static_cast<float>(input.width), height = static_cast<float>(input.height);
  std::vector<Detection> found;
  for (int i = 0; i < boxes.size[1]; ++i, box += 4, score += 2) {
    if (!(score[1] >= min_score)) continue;
    found.push_back({.box = {box[0] * width, box[1] * height, (box[2] - box[0]) * width,
                             (box[3] - box[1]) * height},
                     .score = score[1]});
  }
  return found;
}

class DnnDetector final : public Detector {
 public:
  DnnDetector(cv::dnn::Net net, Family family)
      : net_(std::move(net)), family_(family), names_(net_.getUnconnectedOutLayersNames()) {}

  std::vector<Detection> detect(const Picture& source, int min_face_size) override {
    const cv::Mat& picture = source.luma();
    const cv::Size input =
        family_.fixed.empty() ? input_size(picture.size(), min_face_size) : family_.fixed;
    // The whole picture at the top left of the input, its shape kept.
    const double zoom = std::min(input.width / static_cast<double>(picture.cols),
                                 input.height / static_cast<double>(picture.rows));
    cv::Mat scaled, canvas = cv::Mat::zeros(input, CV_8UC1), colour;
    cv::resize(picture, scaled, {}, zoom, zoom, zoom < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
    const cv::Rect area = cv::Rect({}, scaled.size()) & cv::Rect({}, input);
    scaled(area).copyTo(canvas(area));
    cv::cvtColor(canvas, colour, cv::COLOR_GRAY2BGR);
    net_.setInput(cv::dnn::blobFromImage(colour, family_.scale, {}, cv::Scalar::all(family_.mean)));
    std::vector<cv::Mat> results;
    net_.forward(results, names_);
    Outputs outputs;
    for (std::size_t i = 0; i < names_.size(); ++i) outputs[names_[i]] = results[i];

    const auto found = family_.decode(outputs, input);
    std::vector<cv::Rect2d> boxes;
    std::vector<float> scores;
    for (const Detection& d : found) {
      boxes.emplace_back(d.box.x, d.box.y, d.box.width, d.box.height);
      scores.push_back(d.score);
    }
    std::vector<int> kept;
    cv::dnn::NMSBoxes(boxes, scores, min_score, same_face, kept);

    std::vector<Detection> faces;
    const auto back = static_cast<float>(1 / zoom);
    for (const int i : kept) {
      Detection face = found[static_cast<std::size_t>(i)];
      face.box = brows_to_chin(
          {face.box.x * back, face.box.y * back, face.box.width * back, face.box.height * back});
      if (face.points)
        for (Point& p : *face.points) p = {p.x * back, p.y * back};
      face.sure = face.score >= sure_score;
      if (!face.sure && !source.dark()) continue;
      faces.push_back(face);
    }
    return faces;
  }

 private:
  // Large enough that a face of `min_face_size` is 16 pixels wide, which these nets find.
  cv::Size input_size(cv::Size picture, int min_face_size) const {
    const double zoom = std::min(1.0, 16.0 / min_face_size);
    const auto side = [&](int length) {
      const int wanted = static_cast<int>(std::ceil(length * zoom));
      return std::max(1, (wanted + family_.multiple - 1) / family_.multiple) * family_.multiple;
    };
    cv::Size size(side(picture.width), side(picture.height));
    // Nets of this kind lose large faces in large inputs and any face in tiny ones.
    const int least = 256;
    if (std::max(size.width, size.height) < least) {
      const double grow = static_cast<double>(least) / std::max(picture.width, picture.height);
      const auto grown = [&](int length) {
        return std::max(1, static_cast<int>(std::ceil(length * grow)) / family_.multiple) *
               family_.multiple;
      };
      size = {grown(picture.width), grown(picture.height)};
    }
    return size;
  }

  cv::dnn::Net net_;
  Family family_;
  std::vector<std::string> names_;
};

void need_file(const std::string& file) {
  if (!fs::is_regular_file(file)) throw ModelError("'" + file + "' does not exist");
}

std::unique_ptr<Detector> make_yolo(const fs::path& model) {
  const std::string cfg = fs::path(model).replace_extension(".cfg");
  const std::string weights = fs::path(model).replace_extension(".weights");
  need_file(cfg);
  need_file(weights);
  return std::make_unique<DnnDetector>(cv::dnn::readNetFromDarknet(cfg, weights),
                                       Family{32, {}, 1 / 255.0, 0, decode_yolo});
}

std::unique_ptr<Detector> make_onnx(const std::string& model) {
  need_file(model);
  cv::dnn::Net net = cv::dnn::readNetFromONNX(model);
  const auto names = net.getUnconnectedOutLayersNames();
  const auto has = [&](const char* name) { return std::ranges::find(names, name) != names.end(); };
  if (names.size() == 12 && has("cls_8") && has("obj_8") && has("bbox_8") && has("kps_8"))
    return std::make_unique<DnnDetector>(net, Family{32, {}, 1, 0, decode_yunet});
  if (has("boxes") && has("scores"))
    return std::make_unique<DnnDetector>(net, Family{1, {320, 240}, 1 / 128.0, 127, decode_ssd});
  throw ModelError("'" + model + "' is neither YuNet nor an SSD with outputs boxes and scores");
}

}  // namespace

std::unique_ptr<Detector> make_dnn_detector(const std::string& model) {
  if (model.empty()) throw ModelError("no file is set, and the detector needs one");
  need_file(model);
  const std::string extension = fs::path(model).extension();
  std::unique_ptr<Detector> detector;
  try {
    if (extension == ".cfg" || extension == ".weights")
      detector = make_yolo(model);
    else if (extension == ".onnx")
      detector = make_onnx(model);
    else if (extension == ".dat")
      detector = make_mmod_detector(model);
    else
      throw ModelError("'" + model + "' is none of .cfg, .weights, .onnx, .dat");
    // A net that cannot run must not be noticed by the first frame.
    const std::vector<std::uint8_t> grey(320 * 240, 128);
    detector->detect(Picture({grey.data(), 320, 240, 320}), 40);
  } catch (const ModelError&) {
    throw;
  } catch (const std::exception&) {
    throw ModelError("'" + model + "' is not a face detector of a known kind, or is damaged");
  }
  return detector;
}

}  // namespace faceperturb
