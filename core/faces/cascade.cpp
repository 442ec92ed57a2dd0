// SPDX-License-Identifier: LGPL-2.1-or-later
#include "faces/cascade.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <opencv2/core.hpp>

namespace faceperturb {
namespace {

constexpr double scale_step = 1.25;

std::string find(const char* file) {
  const std::string path = std::string(CASCADE_DIRECTORY "/") + file;
  if (!std::filesystem::exists(path))
    throw ModelError("'" + path + "' does not exist; Debian's package opencv-data has it");
  return path;
}

}  // namespace

// Size and place measured against the HOG detector's boxes on a clip of 761 frames (medians).
const Cascade::Kind Cascade::frontal{"haarcascade_frontalface_alt2.xml", true, 0.86F, 0, 0.09F};
const Cascade::Kind Cascade::frontal_eager{"haarcascade_frontalface_default.xml", true, 0.86F, 0,
                                           0.085F};
const Cascade::Kind Cascade::profile{"haarcascade_profileface.xml", false, 0.85F, -0.05F, 0.09F};

Cascade::Cascade(const Kind& kind) : kind_(kind) {
  const std::string path = find(kind.file);
  if (!classifier_.load(path)) throw ModelError("'" + path + "' is not a cascade");
}

std::vector<Detection> Cascade::detect(const cv::Mat& luma, int min_face_size, int neighbours,
                                       bool mirrored) {
  if (mirrored) cv::flip(luma, flipped_, 1);
  const int window = static_cast<int>(static_cast<float>(min_face_size) / kind_.size);
  std::vector<cv::Rect> boxes;
  std::vector<int> agreeing;
  classifier_.detectMultiScale(mirrored ? flipped_ : luma, boxes, agreeing, scale_step, neighbours,
                               0, {window, window});
  std::vector<Detection> found;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const float side = static_cast<float>(boxes[i].width);
    float x = static_cast<float>(boxes[i].x) + side * (0.5F + kind_.right);
    if (mirrored) x = static_cast<float>(luma.cols) - x;
    const float y = static_cast<float>(boxes[i].y) + side * (0.5F + kind_.down);
    const float face = side * kind_.size;
    found.push_back({.box = {x - face / 2, y - face / 2, face, face},
                     .score = static_cast<float>(agreeing[i]),
                     .frontal = kind_.frontal});
  }
  std::ranges::sort(found, std::greater{}, &Detection::score);
  return found;
}

}  // namespace faceperturb
