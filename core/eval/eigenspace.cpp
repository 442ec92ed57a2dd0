// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/eigenspace.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace faceperturb::eval {
namespace {

cv::Mat row_of(const cv::Mat& face) {
  cv::Mat row;
  face.convertTo(row, CV_32F, 1 / 255.0);
  return row.reshape(1, 1);
}

cv::Mat rows_of(std::span<const cv::Mat> faces) {
  if (faces.empty()) throw std::invalid_argument("eigenfaces of no picture");
  cv::Mat rows;
  for (const cv::Mat& face : faces) rows.push_back(row_of(face));
  return rows;
}

}  // namespace

Eigenspace::Eigenspace(std::span<const cv::Mat> faces, int components)
    : rows_(faces.empty() ? 0 : faces.front().rows),
      pca_(rows_of(faces), cv::noArray(), cv::PCA::DATA_AS_ROW, components) {}

cv::Mat Eigenspace::average() const {
  cv::Mat result;
  pca_.mean.reshape(1, rows_).convertTo(result, CV_8U, 255);
  return result;
}

std::vector<float> Eigenspace::project(const cv::Mat& face) const {
  const cv::Mat coordinates = pca_.project(row_of(face));
  return {coordinates.ptr<float>(), coordinates.ptr<float>() + coordinates.total()};
}

Embedding Eigenspace::embed(const cv::Mat& face) const {
  Embedding result = project(face);
  const float length = std::sqrt(cosine(result, result));
  if (length > 0)
    for (float& value : result) value /= length;
  return result;
}

double squared_distance(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
  return sum;
}

double theta(std::vector<Moved> moved, double drop) {
  std::ranges::sort(moved, {}, &Moved::squared_distance);
  double result = 0;
  int lost = 0;
  for (std::size_t i = 0; i < moved.size(); ++i) {
    lost += !moved[i].seen;
    const bool last_of_equals =
        i + 1 == moved.size() || moved[i + 1].squared_distance > moved[i].squared_distance;
    if (last_of_equals && lost <= drop * static_cast<double>(i + 1))
      result = moved[i].squared_distance;
  }
  return result;
}

}  // namespace faceperturb::eval
