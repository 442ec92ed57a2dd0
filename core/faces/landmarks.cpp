// SPDX-License-Identifier: LGPL-2.1-or-later
#include "faces/landmarks.h"

#include <dlib/image_processing/shape_predictor.h>
#include <dlib/opencv/cv_image.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "faces/luma_mat.h"

namespace faceperturb {

struct LandmarkPredictor::Model {
  dlib::shape_predictor predictor;
};

LandmarkPredictor::LandmarkPredictor(const std::string& file) {
  const auto fail = [&](const std::string& fault) { throw ModelError("'" + file + "' " + fault); };
  if (file.empty()) throw ModelError("no file is set");
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (!std::filesystem::exists(status)) fail("does not exist");
  if (!std::filesystem::is_regular_file(status)) fail("is not a regular file");
  std::ifstream in(file, std::ios::binary);
  if (!in) fail(std::string("cannot be read: ") + std::strerror(errno));

  auto model = std::make_unique<Model>();
  try {
    deserialize(model->predictor, in);
  } catch (const std::exception&) {  // also bad_alloc: a damaged file can announce any length
    fail("is not a dlib shape predictor, or is damaged");
  }
  if (model->predictor.num_parts() != std::tuple_size_v<Landmarks>)
    fail("predicts " + std::to_string(model->predictor.num_parts()) + " landmarks, not 68");
  model_ = std::move(model);
}

LandmarkPredictor::~LandmarkPredictor() = default;
LandmarkPredictor::LandmarkPredictor(LandmarkPredictor&&) noexcept = default;
LandmarkPredictor& LandmarkPredictor::operator=(LandmarkPredictor&&) noexcept = default;

Landmarks LandmarkPredictor::predict(const LumaView& luma, const Rect& box) const {
  const dlib::rectangle area(std::lround(box.x), std::lround(box.y),
                             std::lround(box.x + box.width) - 1,
                             std::lround(box.y + box.height) - 1);
  const auto shape = model_->predictor(dlib::cv_image<unsigned char>(luma_mat(luma)), area);
  Landmarks landmarks;
  for (unsigned long i = 0; i < shape.num_parts(); ++i) {
    const auto& part = shape.part(i);
    landmarks[i] = {static_cast<float>(part.x()), static_cast<float>(part.y())};
  }
  return landmarks;
}

}  // namespace faceperturb
