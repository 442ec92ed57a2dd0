// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/truth.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <pugixml.hpp>
#include <sstream>

namespace faceperturb::eval {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& file, const std::string& fault) {
  throw DatasetError("'" + file.string() + "' " + fault);
}

std::ifstream open(const fs::path& file) {
  std::ifstream in(file);
  if (!in) fail(file, "cannot be read");
  return in;
}

pugi::xml_document parse(const fs::path& file) {
  pugi::xml_document document;
  const auto result = document.load_file(file.c_str());
  if (!result) fail(file, std::string("is no XML: ") + result.description());
  return document;
}

// The square about the landmarks, raised as HOG's boxes are.
Rect box_of(const Landmarks& landmarks) {
  const auto [left, right] = std::ranges::minmax(landmarks, {}, &Point::x);
  const auto [top, bottom] = std::ranges::minmax(landmarks, {}, &Point::y);
  const float side = std::max(right.x - left.x, bottom.y - top.y);
  return {(left.x + right.x - side) / 2, (top.y + bottom.y - side) / 2 - 0.06F * side, side, side};
}

// Brows to chin of a box about a whole head.
Rect within_head(const Rect& head) {
  const float side = 0.9F * std::sqrt(head.width * head.height);
  return {head.x + (head.width - side) / 2, head.y + 0.57F * head.height - side / 2, side, side};
}

Landmarks landmarks_of(const std::vector<float>& values, float origin, const fs::path& file) {
  Landmarks landmarks;
  if (values.size() != 2 * landmarks.size())
    fail(file, "has " + std::to_string(values.size() / 2) + " landmarks where 68 are needed");
  for (std::size_t i = 0; i < landmarks.size(); ++i)
    landmarks[i] = {values[2 * i] - origin, values[2 * i + 1] - origin};
  return landmarks;
}

std::vector<float> numbers(std::string text) {
  std::ranges::replace(text, ',', ' ');
  std::vector<float> values;
  const char* at = text.c_str();
  for (char* end = nullptr;; at = end) {
    const float value = std::strtof(at, &end);
    if (end == at) return values;
    values.push_back(value);
  }
}

}  // namespace

TruthOfFiles read_dlib_xml(const fs::path& file) {
  const auto document = parse(file);
  const auto images = document.child("dataset").child("images");
  if (!images) fail(file, "is no dlib data set");
  TruthOfFiles truth;
  for (const auto image : images.children("image")) {
    auto& faces = truth[fs::path(image.attribute("file").value()).filename()];
    for (const auto box : image.children("box")) {
      TruthFace face{{box.attribute("left").as_float(), box.attribute("top").as_float(),
                      box.attribute("width").as_float(), box.attribute("height").as_float()},
                     {}};
      std::vector<float> values;
      for (const auto part : box.children("part")) {
        values.push_back(part.attribute("x").as_float());
        values.push_back(part.attribute("y").as_float());
      }
      if (!values.empty()) face.landmarks = landmarks_of(values, 0, file);
      faces.push_back(face);
    }
  }
  return truth;
}

TruthOfFiles read_voc_xml(const fs::path& file) {
  const auto document = parse(file);
  const auto annotation = document.child("annotation");
  if (!annotation) fail(file, "is no VOC annotation");
  TruthOfFiles truth;
  auto& faces = truth[annotation.child("filename").text().as_string()];
  for (const auto object : annotation.children("object")) {
    const auto box = object.child("bndbox");
    const auto side = [&](const char* name) { return box.child(name).text().as_float(); };
    const Rect head{side("xmin") - 1, side("ymin") - 1, side("xmax") - side("xmin") + 1,
                    side("ymax") - side("ymin") + 1};
    faces.push_back({within_head(head), {}});
  }
  return truth;
}

TruthOfFiles read_landmark_csv(const fs::path& file, std::vector<std::string>& faults) {
  auto in = open(file);
  TruthOfFiles truth;
  std::string line;
  std::getline(in, line);  // the heading
  while (std::getline(in, line)) {
    const auto comma = line.find(',');
    if (comma == std::string::npos) continue;
    const std::string name = line.substr(0, comma);
    try {
      const auto landmarks = landmarks_of(numbers(line.substr(comma + 1)), 0, file);
      truth[name].push_back({box_of(landmarks), landmarks});
    } catch (const DatasetError& error) {
      faults.push_back(error.what() + (": " + name));
    }
  }
  return truth;
}

TruthFace read_pts(const fs::path& file) {
  auto in = open(file);
  std::ostringstream text;
  text << in.rdbuf();
  const std::string all = text.str();
  const auto begin = all.find('{'), end = all.find('}');
  if (begin == std::string::npos || end == std::string::npos) fail(file, "is no landmark file");
  const auto landmarks = landmarks_of(numbers(all.substr(begin + 1, end - begin - 1)), 1, file);
  return {box_of(landmarks), landmarks};
}

TruthFace read_tem(const fs::path& file) {
  auto in = open(file);
  std::size_t count = 0;
  Point left, right;
  if (!(in >> count >> left.x >> left.y >> right.x >> right.y) || count < 2)
    fail(file, "is no template");
  const float eyes = std::hypot(right.x - left.x, right.y - left.y);
  const float side = 2.2F * eyes;
  const float x = (left.x + right.x) / 2, y = (left.y + right.y) / 2;
  return {{x - side / 2, y - 0.36F * side, side, side}, {}};
}

std::vector<std::optional<Rect>> read_boxes(const fs::path& file) {
  auto in = open(file);
  std::vector<std::optional<Rect>> boxes;
  for (std::string line; std::getline(in, line);) {
    const auto v = numbers(line);
    if (v.size() != 4) fail(file, "has a line that is no x1,y1,x2,y2: '" + line + "'");
    boxes.emplace_back();
    if (!std::isnan(v[0])) boxes.back() = Rect{v[0], v[1], v[2] - v[0], v[3] - v[1]};
  }
  return boxes;
}

}  // namespace faceperturb::eval
