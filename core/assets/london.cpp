// SPDX-License-Identifier: LGPL-2.1-or-later
#include "london.h"

#include <dlib/opencv/cv_image.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <stdexcept>
#include <string>

namespace faceperturb::average {

namespace fs = std::filesystem;

namespace {

constexpr size_t kTemplatePoints = 189;
constexpr double kEyeLine = 0.46;  // where the pupils lie, as a share of the height

constexpr Run kTemplateRuns[] = {
    {0, 1, 1, 1},      {2, 1, 10, 1},    {3, 7, 17, -1},    {18, 5, 27, -1},   {28, 3, 33, -1},
    {34, 5, 43, -1},   {44, 3, 49, -1},  {50, 5, 56, 1},    {61, 5, 66, 1},    {71, 6, 82, -1},
    {83, 2, 86, -1},   {87, 3, 93, -1},  {94, 2, 98, -1},   {99, 2, 103, -1},  {104, 2, 108, -1},
    {109, 3, 112, 1},  {115, 5, 120, 1}, {125, 4, 133, -1}, {134, 5, 144, -1}, {145, 6, 157, -1},
    {158, 3, 161, 1},  {164, 3, 167, 1}, {170, 2, 172, 1},  {176, 1, 178, 1},  {179, 2, 182, -1},
    {183, 1, 184, -1}, {185, 2, 187, 1},
};

Shape read_template(const fs::path& path) {
  std::ifstream in(path);
  size_t count = 0;
  if (!(in >> count) || count != kTemplatePoints) {
    throw std::runtime_error(path.string() + ": not a template of 189 points");
  }
  Shape points(count);
  for (auto& p : points) {
    if (!(in >> p.x >> p.y)) throw std::runtime_error(path.string() + ": the file is cut short");
  }
  return points;
}

std::vector<fs::path> files_in(const fs::path& dir, const char* extension) {
  if (!fs::is_directory(dir)) throw std::runtime_error(dir.string() + ": no such folder");
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(dir)) {
    if (entry.path().extension() == extension) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

std::vector<Sample> find_samples(const fs::path& dir) {
  const std::vector<fs::path> templates = files_in(dir, ".tem");
  if (templates.size() < 10) {
    throw std::runtime_error(dir.string() + ": fewer than 10 templates; too few to hide a person");
  }
  std::vector<Sample> samples;
  for (const auto& path : templates) {
    samples.push_back({fs::path(path).replace_extension(".jpg"), read_template(path)});
  }
  return samples;
}

std::vector<fs::path> find_pictures(const fs::path& dir) {
  std::vector<fs::path> pictures = files_in(dir, ".jpg");
  if (pictures.empty()) throw std::runtime_error(dir.string() + ": no pictures");
  return pictures;
}

cv::Mat3b read_picture(const fs::path& path) {
  cv::Mat3b picture = cv::imread(path.string(), cv::IMREAD_COLOR);
  if (picture.empty()) throw std::runtime_error(path.string() + ": cannot be read");
  return picture;
}

LandmarkFinder::LandmarkFinder(const fs::path& model) {
  if (!fs::exists(model)) throw std::runtime_error(model.string() + ": no such landmark model");
  dlib::deserialize(model.string()) >> predictor_;
}

Shape LandmarkFinder::operator()(const cv::Mat& picture, const std::string& name) {
  const dlib::cv_image<dlib::bgr_pixel> image(picture);
  const auto faces = detector_(image);
  if (faces.size() != 1) {
    throw std::runtime_error(name + " should show 1 face; the detector finds " +
                             std::to_string(faces.size()));
  }
  const auto found = predictor_(image, faces.front());
  if (found.num_parts() != 68) throw std::runtime_error("the landmark model has not 68 points");
  Shape points;
  for (unsigned i = 0; i < 68; ++i)
    points.emplace_back(double(found.part(i).x()), double(found.part(i).y()));
  return points;
}

Shape average_shape(const std::vector<Sample>& samples) {
  std::vector<Shape> shapes;
  for (const Sample& sample : samples) shapes.push_back(sample.points);
  const Shape mean = mean_of(shapes);
  const auto pair = mirror_pairs(kTemplateRuns, mean.size());
  Shape flipped(mean.size());
  for (size_t i = 0; i < mean.size(); ++i) flipped[i] = {-mean[pair[i]].x, mean[pair[i]].y};
  const Similarity s = fit(flipped, mean);
  Shape shape(mean.size());
  for (size_t i = 0; i < mean.size(); ++i) shape[i] = (mean[i] + s(flipped[i])) * 0.5;
  // The axis is upright by now but for the half of the turn that `s` still holds.
  const double turn = std::atan2(s.b, s.a) / 2;
  const double c = std::cos(turn), sn = std::sin(turn);
  for (auto& p : shape) p = {c * p.x + sn * p.y, -sn * p.x + c * p.y};
  const cv::Point2d eyes = (shape[0] + shape[1]) * 0.5;
  const cv::Point2d to((kWidth - 1) / 2.0, kEyeLine * kHeight);
  for (auto& p : shape) p += to - eyes;
  return shape;
}

cv::Mat1f matte(const cv::Mat3f& picture) {
  const int w = picture.cols, h = picture.rows;
  const auto terms = [&](int x, int y) {
    const double u = 2.0 * x / w - 1, v = 2.0 * y / h - 1;
    return std::array<double, 6>{1, u, v, u * u, u * v, v * v};
  };
  std::vector<cv::Point> places;
  for (int y = 0; y < h * 6 / 10; y += 9) {
    for (int x = 0; x < w; x += 9) {
      if (x < w / 7 || x > w - w / 7 || y < h / 12) places.emplace_back(x, y);
    }
  }
  cv::Mat1d left(static_cast<int>(places.size()), 6), right(left.rows, 3), k;
  for (int i = 0; i < left.rows; ++i) {
    const auto p = places[static_cast<size_t>(i)];
    const auto t = terms(p.x, p.y);
    for (int j = 0; j < 6; ++j) left(i, j) = t[static_cast<size_t>(j)];
    for (int c = 0; c < 3; ++c) right(i, c) = picture(p)[c];
  }
  cv::solve(left, right, k, cv::DECOMP_QR);
  cv::Mat1f alpha(h, w);
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; ++x) {
      const auto t = terms(x, y);
      double d2 = 0;
      for (int c = 0; c < 3; ++c) {
        double b = 0;
        for (int j = 0; j < 6; ++j) b += k.at<double>(j, c) * t[static_cast<size_t>(j)];
        d2 += std::pow(picture(y, x)[c] - b, 2);
      }
      alpha(y, x) = static_cast<float>(std::clamp((std::sqrt(d2) - 16.0) / 40.0, 0.0, 1.0));
    }
  }
  // Highlights inside the person are person too: fill the largest outline.
  cv::Mat1b solid = alpha > 0.5F;
  cv::morphologyEx(solid, solid, cv::MORPH_CLOSE,
                   cv::getStructuringElement(cv::MORPH_ELLIPSE, {9, 9}));
  std::vector<std::vector<cv::Point>> outlines;
  cv::findContours(solid, outlines, cv::RETR_EXTERNAL, cv::CHAIN_APPROX_NONE);
  const auto largest = std::max_element(
      outlines.begin(), outlines.end(),
      [](const auto& a, const auto& b) { return cv::contourArea(a) < cv::contourArea(b); });
  if (largest == outlines.end()) throw std::runtime_error("nobody stands out from the backdrop");
  cv::Mat1b body = cv::Mat1b::zeros(h, w);
  cv::drawContours(body, outlines, static_cast<int>(largest - outlines.begin()), 255, cv::FILLED);
  cv::Mat1b inner, outer;
  cv::erode(body, inner, cv::getStructuringElement(cv::MORPH_ELLIPSE, {7, 7}));
  cv::dilate(body, outer, cv::getStructuringElement(cv::MORPH_ELLIPSE, {25, 25}));
  alpha.setTo(1, inner);
  alpha.setTo(0, outer == 0);
  return alpha;
}

Shape border(const cv::Rect2d& box) {
  Shape points;
  for (int i = 0; i < 4; ++i) {
    const double f = i / 4.0;
    points.emplace_back(box.x + f * box.width, box.y);
    points.emplace_back(box.x + box.width, box.y + f * box.height);
    points.emplace_back(box.x + (1 - f) * box.width, box.y + box.height);
    points.emplace_back(box.x, box.y + (1 - f) * box.height);
  }
  return points;
}

cv::Mat2f warp_map(const Triangles& triangles, const Shape& shape, const Shape& source,
                   cv::Size size) {
  cv::Mat2f map(size, cv::Vec2f(-1, -1));
  for (const auto& t : triangles) {
    std::array<cv::Point2f, 3> c, s;
    for (size_t i = 0; i < 3; ++i) {
      c[i] = shape[static_cast<size_t>(t[i])];
      s[i] = source[static_cast<size_t>(t[i])];
    }
    const double area = (c[1] - c[0]).cross(c[2] - c[0]);
    if (std::abs(area) < 1e-6) continue;
    const cv::Matx23d m(cv::getAffineTransform(c.data(), s.data()));
    const cv::Rect box =
        cv::boundingRect(std::vector<cv::Point2f>(c.begin(), c.end())) & cv::Rect({}, size);
    for (int y = box.y; y < box.br().y; ++y) {
      for (int x = box.x; x < box.br().x; ++x) {
        const cv::Point2f p(static_cast<float>(x), static_cast<float>(y));
        bool inside = true;
        for (size_t i = 0; i < 3; ++i) {
          inside &= (c[(i + 1) % 3] - c[i]).cross(p - c[i]) * area >= -1e-3;
        }
        if (!inside) continue;
        const cv::Vec2d v = m * cv::Vec3d(x, y, 1);
        map(y, x) = cv::Vec2f(v);
      }
    }
  }
  return map;
}

}  // namespace faceperturb::average
