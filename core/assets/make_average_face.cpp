// SPDX-License-Identifier: LGPL-2.1-or-later
//
// faceperturb-average-face LONDON_DIR OUT_DIR [LANDMARK_MODEL]
//
// Makes the average face that the library embeds: every neutral front picture of the Face Research
// Lab London Set is warped, as it is and mirrored, to the mean shape of all of them, and the warped
// pictures are averaged as they are encoded (in linear light the fair hair washes out the dark).
// No single person's picture is kept.
//
// Template files (.tem): the number of points, one "x y" a line in picture pixels, then the lines
// that join them, which are not needed here. The points of one set all mean the same feature.

#include <dlib/geometry.h>
#include <dlib/image_processing.h>
#include <dlib/image_processing/frontal_face_detector.h>
#include <dlib/opencv.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <numeric>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "make_average_shape.h"

namespace fs = std::filesystem;

namespace {

using namespace faceperturb::average;

constexpr size_t kTemplatePoints = 189;
constexpr int kWidth = 720;
constexpr int kHeight = 960;
constexpr double kEyeLine = 0.46;  // where the pupils lie, as a share of the height
constexpr float kBackdrop = 190;
constexpr int kJpegQuality = 88;
constexpr const char* kDefaultModel = "/usr/share/dlib/shape_predictor_68_face_landmarks.dat";

struct Sample {
  fs::path picture;
  Shape points;
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

std::vector<Sample> find_samples(const fs::path& dir) {
  if (!fs::is_directory(dir)) throw std::runtime_error(dir.string() + ": no such folder");
  std::vector<fs::path> templates;
  for (const auto& entry : fs::directory_iterator(dir)) {
    if (entry.path().extension() == ".tem") templates.push_back(entry.path());
  }
  std::sort(templates.begin(), templates.end());
  if (templates.size() < 10) {
    throw std::runtime_error(dir.string() + ": fewer than 10 templates; too few to hide a person");
  }
  std::vector<Sample> samples;
  for (const auto& path : templates) {
    samples.push_back({fs::path(path).replace_extension(".jpg"), read_template(path)});
  }
  return samples;
}

constexpr Run kTemplateRuns[] = {
    {0, 1, 1, 1},      {2, 1, 10, 1},    {3, 7, 17, -1},    {18, 5, 27, -1},   {28, 3, 33, -1},
    {34, 5, 43, -1},   {44, 3, 49, -1},  {50, 5, 56, 1},    {61, 5, 66, 1},    {71, 6, 82, -1},
    {83, 2, 86, -1},   {87, 3, 93, -1},  {94, 2, 98, -1},   {99, 2, 103, -1},  {104, 2, 108, -1},
    {109, 3, 112, 1},  {115, 5, 120, 1}, {125, 4, 133, -1}, {134, 5, 144, -1}, {145, 6, 157, -1},
    {158, 3, 161, 1},  {164, 3, 167, 1}, {170, 2, 172, 1},  {176, 1, 178, 1},  {179, 2, 182, -1},
    {183, 1, 184, -1}, {185, 2, 187, 1},
};
constexpr Run kLandmarkRuns[] = {
    {0, 8, 16, -1},  {17, 5, 26, -1}, {31, 2, 35, -1}, {36, 4, 45, -1}, {40, 2, 47, -1},
    {48, 3, 54, -1}, {55, 2, 59, -1}, {60, 2, 64, -1}, {65, 1, 67, -1},
};

// The mean shape made symmetric and put into the picture that is written.
Shape canvas_shape(const Shape& mean, const std::vector<size_t>& pair) {
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

// How much of each pixel is person: 1 inside, 0 on the plain backdrop, whose slow gradient is
// fitted from the upper and outer parts of the picture.
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

// Where each pixel of the canvas comes from, triangle by triangle.
cv::Mat2f warp_map(const Triangles& triangles, const Shape& canvas, const Shape& source) {
  cv::Mat2f map(kHeight, kWidth, cv::Vec2f(-1, -1));
  for (const auto& t : triangles) {
    std::array<cv::Point2f, 3> c, s;
    for (size_t i = 0; i < 3; ++i) {
      c[i] = canvas[static_cast<size_t>(t[i])];
      s[i] = source[static_cast<size_t>(t[i])];
    }
    const double area = (c[1] - c[0]).cross(c[2] - c[0]);
    if (std::abs(area) < 1e-6) continue;
    const cv::Matx23d m(cv::getAffineTransform(c.data(), s.data()));
    const cv::Rect box = cv::boundingRect(std::vector<cv::Point2f>(c.begin(), c.end())) &
                         cv::Rect(0, 0, kWidth, kHeight);
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

struct Average {
  cv::Mat3f colour;  // times weight
  cv::Mat1f weight;  // share of the pictures that show safely inner parts of the person here
  cv::Mat1f alpha;   // mean matte
};

Average average(const std::vector<Sample>& samples, const Shape& shape) {
  Shape frame;
  for (int i = 0; i < 4; ++i) {
    const double f = i / 4.0;
    frame.emplace_back(f * (kWidth - 1), 0);
    frame.emplace_back(kWidth - 1, f * (kHeight - 1));
    frame.emplace_back((1 - f) * (kWidth - 1), kHeight - 1);
    frame.emplace_back(0, (1 - f) * (kHeight - 1));
  }
  Shape canvas = shape;
  canvas.insert(canvas.end(), frame.begin(), frame.end());
  const Triangles triangles = triangulate(canvas, {kWidth, kHeight});
  Average sum{cv::Mat3f::zeros(kHeight, kWidth), cv::Mat1f::zeros(kHeight, kWidth),
              cv::Mat1f::zeros(kHeight, kWidth)};
  size_t done = 0;
  for (const auto& sample : samples) {
    const cv::Mat picture = cv::imread(sample.picture.string(), cv::IMREAD_COLOR);
    if (picture.empty()) throw std::runtime_error(sample.picture.string() + ": cannot be read");
    cv::Mat3f values;
    picture.convertTo(values, CV_32FC3);
    const cv::Mat1f person = matte(values);
    Shape source = sample.points;
    const Similarity back = fit(shape, sample.points);
    for (const auto& p : frame) source.push_back(back(p));
    const cv::Mat2f map = warp_map(triangles, canvas, source);
    cv::Mat3f warped;
    cv::Mat1f alpha, weight;
    cv::remap(values, warped, map, {}, cv::INTER_CUBIC, cv::BORDER_REPLICATE);
    cv::remap(person, alpha, map, {}, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
    cv::erode(alpha, weight, cv::getStructuringElement(cv::MORPH_ELLIPSE, {9, 9}));
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        const cv::Vec3f v = warped(y, x) * weight(y, x);
        for (int at : {x, kWidth - 1 - x}) {  // as it is, and mirrored
          sum.colour(y, at) += v;
          sum.weight(y, at) += weight(y, x);
          sum.alpha(y, at) += alpha(y, x);
        }
      }
    }
    std::cerr << "\rpicture " << ++done << " of " << samples.size() << std::flush;
  }
  std::cerr << "\n";
  const double count = 2.0 * static_cast<double>(samples.size());
  sum.colour /= count;
  sum.weight /= count;
  sum.alpha /= count;
  return sum;
}

cv::Mat1f cut_out(const Average& sum) {
  cv::Mat1f mask;
  cv::GaussianBlur(sum.alpha, mask, {}, 2.0);
  mask = cv::min(cv::max((mask - 0.5) / 0.25, 0), 1);
  cv::GaussianBlur(mask, mask, {}, 1.0);
  return mask;
}

// Averaged colours divided by their weight; where hardly anybody covers a pixel, the colours of
// the nearest place that is covered.
cv::Mat3f fill(const Average& sum, const cv::Mat1f& mask) {
  cv::Mat1f weight(sum.weight.size(), 0.F), inner;
  cv::erode(mask, inner, cv::getStructuringElement(cv::MORPH_ELLIPSE, {25, 25}));
  for (auto at = weight.begin(); at != weight.end(); ++at) {
    if (inner(at.pos()) > 0.5F && sum.weight(at.pos()) > 0.25F) *at = sum.weight(at.pos());
  }
  cv::Mat3f colour(sum.colour.size(), cv::Vec3f());
  sum.colour.copyTo(colour, weight > 0);
  const cv::Mat3f first_colour = colour.clone();
  const cv::Mat1f first_weight = weight.clone();
  for (double radius = 2; radius <= 256; radius *= 1.5) {
    cv::Mat3f c;
    cv::Mat1f w;
    cv::GaussianBlur(first_colour, c, {}, radius);
    cv::GaussianBlur(first_weight, w, {}, radius);
    for (auto at = weight.begin(); at != weight.end(); ++at) {
      if (*at > 0 || w(at.pos()) < 1e-2F) continue;
      colour(at.pos()) = c(at.pos());
      *at = w(at.pos());
    }
  }
  for (auto at = weight.begin(); at != weight.end(); ++at) {
    if (*at > 0) colour(at.pos()) /= *at;
  }
  return colour;
}

// The average on a plain backdrop. Some way around the head its own colours go on, so that a soft
// cut along the mask never picks up the backdrop.
cv::Mat finish(const Average& sum, const cv::Mat1f& mask) {
  const cv::Mat3f colour = fill(sum, mask);
  // Averaging blurs: give fine and middle detail some of its contrast back.
  cv::Mat3f fine, middle;
  cv::GaussianBlur(colour, fine, {}, 1.0);
  cv::GaussianBlur(colour, middle, {}, 3.0);
  cv::Mat3f sharp = colour + 0.9 * (colour - fine) + 0.35 * (colour - middle);
  cv::Mat1f near;
  cv::dilate(mask, near, cv::getStructuringElement(cv::MORPH_ELLIPSE, {13, 13}));
  cv::GaussianBlur(near, near, {}, 2.0);
  for (auto at = near.begin(); at != near.end(); ++at) {
    cv::Vec3f& c = sharp(at.pos());
    c = c * *at + cv::Vec3f::all(kBackdrop) * (1 - *at);
  }
  cv::Mat out;
  sharp.convertTo(out, CV_8UC3);
  return out;
}

Shape landmarks_of(const cv::Mat& picture, const fs::path& model) {
  dlib::shape_predictor predictor;
  dlib::deserialize(model.string()) >> predictor;
  auto detector = dlib::get_frontal_face_detector();
  const dlib::cv_image<dlib::bgr_pixel> image(picture);
  const auto faces = detector(image);
  if (faces.size() != 1) {
    throw std::runtime_error("the average should show 1 face; the detector finds " +
                             std::to_string(faces.size()));
  }
  const auto found = predictor(image, faces.front());
  if (found.num_parts() != 68) throw std::runtime_error("the landmark model has not 68 points");
  Shape points(68), even(68);
  for (unsigned i = 0; i < 68; ++i)
    points[i] = {double(found.part(i).x()), double(found.part(i).y())};
  const auto pair = mirror_pairs(kLandmarkRuns, 68);
  for (size_t i = 0; i < 68; ++i) {
    const cv::Point2d other = points[pair[i]];
    even[i] = (points[i] + cv::Point2d(kWidth - 1 - other.x, other.y)) * 0.5;
  }
  return even;
}

void write_landmarks(const fs::path& path, const Shape& points, size_t people) {
  std::ofstream out(path);
  out << "# Average of " << people
      << " people, each also mirrored: 68 landmarks (iBUG order), \"x y\" in pixels.\n"
         "# Made by faceperturb-average-face from: Face Research Lab London Set,\n"
         "# Lisa DeBruine and Benedict Jones, CC BY 4.0,\n"
         "# https://doi.org/10.6084/m9.figshare.5047666\n"
      << std::fixed << std::setprecision(1);
  for (const auto& p : points) out << p.x << ' ' << p.y << '\n';
  if (!out.flush()) throw std::runtime_error(path.string() + ": cannot be written");
}

void write_picture(const fs::path& path, const cv::Mat& picture) {
  if (!cv::imwrite(path.string(), picture,
                   {cv::IMWRITE_JPEG_QUALITY, kJpegQuality, cv::IMWRITE_PNG_COMPRESSION, 9})) {
    throw std::runtime_error(path.string() + ": cannot be written");
  }
}

void run(const fs::path& london, const fs::path& out, const fs::path& model) {
  if (!fs::is_directory(out)) throw std::runtime_error(out.string() + ": no such folder");
  if (!fs::exists(model)) throw std::runtime_error(model.string() + ": no such landmark model");
  const auto samples = find_samples(london / "neutral_front");
  std::cerr << samples.size() << " people, " << samples.front().points.size() << " points each\n";
  std::vector<Shape> shapes;
  for (const Sample& sample : samples) shapes.push_back(sample.points);
  const Shape mean = mean_of(shapes);
  const Shape shape = canvas_shape(mean, mirror_pairs(kTemplateRuns, mean.size()));
  const Average sum = average(samples, shape);
  const cv::Mat1f mask = cut_out(sum);
  const cv::Mat picture = finish(sum, mask);
  const Shape points = landmarks_of(picture, model);
  write_picture(out / "average-face.jpg", picture);
  write_picture(out / "average-face-mask.png", mask * 255);
  write_landmarks(out / "average-face.txt", points, samples.size());
  std::cerr << "written to " << out.string() << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::cerr << "usage: faceperturb-average-face LONDON_DIR OUT_DIR [LANDMARK_MODEL]\n";
    return 2;
  }
  try {
    run(argv[1], argv[2], argc == 4 ? argv[3] : kDefaultModel);
  } catch (const std::exception& error) {
    std::cerr << "\nfaceperturb-average-face: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
