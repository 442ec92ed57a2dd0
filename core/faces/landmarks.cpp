// SPDX-License-Identifier: LGPL-2.1-or-later
#include "faces/landmarks.h"

#include <dlib/image_processing/shape_predictor.h>
#include <dlib/opencv/cv_image.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <opencv2/imgproc.hpp>

#include "faces/luma_mat.h"

namespace faceperturb {

namespace fs = std::filesystem;

namespace {

constexpr float face_pixels = 150;  // width at which landmarks are fitted

// dlib follows a model's numbers wherever they point. So they are read first, as dlib lays them
// out, and looked at. Throws what dlib's deserialize() throws, and Error.
class PredictorReader {
 public:
  class Error final : public std::exception {};

  dlib::shape_predictor read(std::istream& in) {
    int version = 0;
    dlib::deserialize(version, in);
    if (version != 1) throw Error();
    dlib::deserialize(shape_, in);
    if (!finite(shape_) || shape_.size() % 2 != 0) throw Error();
    dlib::deserialize(forests_, in);
    dlib::deserialize(anchors_, in);
    dlib::deserialize(deltas_, in);
    if (forests_.size() != anchors_.size() || forests_.size() != deltas_.size()) throw Error();
    std::vector<Pixels> pixels;
    for (std::size_t i = 0; i < forests_.size(); ++i) {
      pixels.push_back(pixels_of(anchors_[i], deltas_[i]));
      for (const auto& tree : forests_[i]) check(tree, pixels[i].size());
    }
    return {shape_, forests_, pixels};
  }

 private:
  using Numbers = dlib::matrix<float, 0, 1>;
  using Pixels = std::vector<dlib::vector<float, 2>>;

  static bool finite(const Numbers& numbers) {
    return std::ranges::all_of(numbers, [](float number) { return std::isfinite(number); });
  }

  // Where the pixels are that a cascade compares: each stands beside a landmark of the mean shape.
  Pixels pixels_of(const std::vector<unsigned long>& anchors, const Pixels& deltas) const {
    if (anchors.size() != deltas.size()) throw Error();
    Pixels pixels;
    for (std::size_t i = 0; i < anchors.size(); ++i) {
      if (anchors[i] >= static_cast<unsigned long>(shape_.size() / 2)) throw Error();
      pixels.push_back(deltas[i] + dlib::impl::location(shape_, anchors[i]));
      if (!std::isfinite(pixels[i].x()) || !std::isfinite(pixels[i].y())) throw Error();
    }
    return pixels;
  }

  // A full binary tree, whose splits compare two of `pixels` pixels.
  void check(const dlib::impl::regression_tree& tree, std::size_t pixels) const {
    if (!std::has_single_bit(tree.leaf_values.size()) ||
        tree.splits.size() + 1 != tree.leaf_values.size())
      throw Error();
    for (const auto& split : tree.splits)
      if (split.idx1 >= pixels || split.idx2 >= pixels) throw Error();
    for (const Numbers& leaf : tree.leaf_values)
      if (leaf.size() != shape_.size() || !finite(leaf)) throw Error();
  }

  Numbers shape_;
  std::vector<std::vector<dlib::impl::regression_tree>> forests_;
  std::vector<std::vector<unsigned long>> anchors_;
  std::vector<Pixels> deltas_;
};

}  // namespace

struct LandmarkPredictor::Model {
  dlib::shape_predictor predictor;
  static std::shared_ptr<const Model> read(const std::string& file);
};

std::shared_ptr<const LandmarkPredictor::Model> LandmarkPredictor::Model::read(
    const std::string& file) {
  const auto fail = [&](const std::string& fault) { throw ModelError("'" + file + "' " + fault); };
  std::ifstream in(file, std::ios::binary);
  if (!in) fail(std::string("cannot be read: ") + std::strerror(errno));
  auto model = std::make_shared<Model>();
  try {
    model->predictor = PredictorReader().read(in);
  } catch (const std::exception&) {  // also bad_alloc: a damaged file can announce any length
    fail("is not a dlib shape predictor, or is damaged");
  }
  if (model->predictor.num_parts() != std::tuple_size_v<Landmarks>)
    fail("predicts " + std::to_string(model->predictor.num_parts()) + " landmarks, not 68");
  return model;
}

LandmarkPredictor::LandmarkPredictor(const std::string& file) {
  const auto fail = [&](const std::string& fault) { throw ModelError("'" + file + "' " + fault); };
  if (file.empty()) throw ModelError("no file is set");
  std::error_code error;
  const auto status = fs::status(file, error);
  if (!fs::exists(status)) fail("does not exist");
  if (!fs::is_regular_file(status)) fail("is not a regular file");

  static std::mutex mutex;
  static std::map<std::pair<std::string, fs::file_time_type>, std::weak_ptr<const Model>> loaded;
  const std::lock_guard lock(mutex);
  auto& known = loaded[{fs::canonical(file), fs::last_write_time(file)}];
  model_ = known.lock();
  if (!model_) known = model_ = Model::read(file);
}

Landmarks LandmarkPredictor::predict(const LumaView& luma, const Rect& box) const {
  // dlib gives whole pixels: a face brought to a fixed size first gives fractions of the picture's.
  const float scale = face_pixels / std::max(box.width, 1.F);
  const auto margin = 0.5F * box.width;
  const int left = static_cast<int>(std::floor(box.x - margin));
  const int top = static_cast<int>(std::floor(box.y - margin));
  const cv::Rect wanted(left, top, static_cast<int>(std::ceil(box.width + 2 * margin)),
                        static_cast<int>(std::ceil(box.height + 2 * margin)));
  const cv::Rect inside = wanted & cv::Rect(0, 0, luma.width, luma.height);
  Landmarks landmarks;
  if (inside.empty()) {  // nothing to see there: landmarks that are not plausible
    landmarks.fill({box.x + box.width / 2, box.y + box.height / 2});
    return landmarks;
  }
  cv::Mat crop;
  cv::resize(luma_mat(luma)(inside), crop, {}, scale, scale,
             scale < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);

  const auto zoomed = [&](float position, int origin) {
    return std::lround((position - static_cast<float>(origin)) * scale);
  };
  const dlib::rectangle area(zoomed(box.x, inside.x), zoomed(box.y, inside.y),
                             zoomed(box.x + box.width, inside.x) - 1,
                             zoomed(box.y + box.height, inside.y) - 1);
  const auto shape = model_->predictor(dlib::cv_image<unsigned char>(crop), area);
  for (unsigned long i = 0; i < shape.num_parts(); ++i) {
    const auto restored = [&](long position, int origin) {
      return (static_cast<float>(position) + 0.5F) / scale - 0.5F + static_cast<float>(origin);
    };
    landmarks[i] = {restored(shape.part(i).x(), inside.x), restored(shape.part(i).y(), inside.y)};
  }
  return landmarks;
}

namespace {

cv::Point2f middle(const Landmarks& landmarks, std::size_t first, std::size_t last) {
  cv::Point2f sum;
  for (std::size_t i = first; i <= last; ++i) sum += cv::Point2f(landmarks[i].x, landmarks[i].y);
  return sum / static_cast<float>(last - first + 1);
}

}  // namespace

bool plausible(const Landmarks& landmarks, const Rect& box) {
  const cv::Point2f left = middle(landmarks, 36, 41);
  const cv::Point2f right = middle(landmarks, 42, 47);
  const cv::Point2f across = right - left;
  const float eyes = static_cast<float>(cv::norm(across));
  if (!(eyes > 0.2F * box.width && eyes < 0.8F * box.width)) return false;
  // How far below the eyes a point is, square to the line between them, in eye distances.
  const cv::Point2f down(-across.y / eyes, across.x / eyes);
  const auto below = [&](cv::Point2f p) { return (p - (left + right) / 2).dot(down) / eyes; };
  const float nose = below(middle(landmarks, 31, 35));
  const float mouth = below(middle(landmarks, 48, 67));
  if (!(nose > 0.2F && mouth > nose && mouth < 2.5F)) return false;
  const float near = 0.35F * box.width;
  return std::ranges::all_of(landmarks.begin() + 17, landmarks.end(), [&](const Point& p) {
    return p.x > box.x - near && p.y > box.y - near && p.x < box.x + box.width + near &&
           p.y < box.y + box.height + near;
  });
}

bool agree(const Landmarks& landmarks, const FivePoints& points, const Rect& box) {
  const cv::Point2f own[] = {middle(landmarks, 36, 41), middle(landmarks, 42, 47),
                             middle(landmarks, 30, 30), middle(landmarks, 48, 48),
                             middle(landmarks, 54, 54)};
  for (std::size_t i = 0; i < points.size(); ++i)
    if (!(cv::norm(own[i] - cv::Point2f(points[i].x, points[i].y)) < 0.25 * double{box.width}))
      return false;
  return true;
}

}  // namespace faceperturb
