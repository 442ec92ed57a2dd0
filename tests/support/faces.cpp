// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/faces.h"

#include <dlib/image_processing/shape_predictor.h>
#include <stdlib.h>
#include <sstream>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numbers>
#include <stdexcept>

namespace faceperturb::test {
namespace {

// `count` points on an ellipse's arc, angles in turns, clockwise from the right.
void arc(std::vector<Point>& points, int count, Point centre, Point radius, float from, float to) {
  for (int i = 0; i < count; ++i) {
    const float turn = from + (to - from) * static_cast<float>(i) / static_cast<float>(count - 1);
    const float angle = 2 * std::numbers::pi_v<float> * turn;
    points.push_back(
        {centre.x + radius.x * std::cos(angle), centre.y + radius.y * std::sin(angle)});
  }
}

// In a box from (0, 0) to (1, 1), iBUG order; a detector's box goes from the brows to the chin.
std::vector<Point> unit_landmarks() {
  std::vector<Point> points;
  arc(points, 17, {.5F, .3F}, {.45F, .65F}, .5F, 0);  // jaw, by way of the chin
  arc(points, 5, {.28F, .2F}, {.15F, .06F}, .5F, 1);  // brows
  arc(points, 5, {.72F, .2F}, {.15F, .06F}, .5F, 1);  //
  for (const float y : {.3F, .38F, .46F, .54F}) points.push_back({.5F, y});  // bridge
  arc(points, 5, {.5F, .58F}, {.12F, .05F}, .5F, 0);                         // nostrils
  arc(points, 6, {.3F, .3F}, {.09F, .04F}, .5F, .5F + 5 / 6.F);              // eyes
  arc(points, 6, {.7F, .3F}, {.09F, .04F}, .5F, .5F + 5 / 6.F);              //
  arc(points, 12, {.5F, .76F}, {.19F, .08F}, .5F, .5F + 11 / 12.F);          // lips
  arc(points, 8, {.5F, .76F}, {.12F, .03F}, .5F, .5F + 7 / 8.F);             //
  return points;
}

}  // namespace

Face upright_face(const Rect& box) {
  Face face;
  face.box = box;
  face.score = 1;
  std::ranges::transform(unit_landmarks(), face.landmarks.emplace().begin(), [&](const Point& p) {
    return Point{box.x + p.x * box.width, box.y + p.y * box.height};
  });
  return face;
}

std::vector<Detection> FixedDetector::detect(const Picture&, int) {
  std::vector<Detection> found;
  for (const auto& box : boxes_) found.push_back({.box = box, .score = 1});
  return found;
}

void write_model(const std::filesystem::path& file, std::size_t parts) {
  const auto points = unit_landmarks();
  dlib::matrix<float, 0, 1> shape(static_cast<long>(2 * parts));
  for (std::size_t i = 0; i < parts; ++i) {
    shape(static_cast<long>(2 * i)) = points[i].x;
    shape(static_cast<long>(2 * i + 1)) = points[i].y;
  }
  std::ofstream out(file, std::ios::binary);
  serialize(dlib::shape_predictor(shape, {}, {}), out);
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "faceperturb-XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error("cannot make " + name);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

const std::string& small_model() {
  static const TemporaryFolder folder;
  static const std::string file = [] {
    const auto path = folder / "upright.dat";
    write_model(path);
    return path.string();
  }();
  return file;
}

std::string read_file(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

std::filesystem::path test_data(const std::string& name) {
  const char* folder = std::getenv("FACEPERTURB_TEST_DATA");
  return std::filesystem::path(folder ? folder : SOURCE_ROOT "/../shared/data") / name;
}

std::string data_hint(const std::filesystem::path& file) {
  return "no test data: " + file.string() +
         " does not exist (FACEPERTURB_TEST_DATA names the folder)";
}

}  // namespace faceperturb::test
