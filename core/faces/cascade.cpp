// SPDX-License-Identifier: LGPL-2.1-or-later
#include "faces/cascade.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "faces/luma_mat.h"

namespace faceperturb {
namespace {

constexpr double close_scale_step = 1.05;
constexpr float close_margin = 0.3F;  // around a window, in its widths
constexpr float close_window = 64;    // pixels to which a window is brought for a close look

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

// The face in a window of a picture of this width.
Detection Cascade::detection(const cv::Rect& window, int agreeing, bool mirrored, int width) const {
  const float side = static_cast<float>(window.width);
  float x = static_cast<float>(window.x) + side * (0.5F + kind_.right);
  if (mirrored) x = static_cast<float>(width) - x;
  const float y = static_cast<float>(window.y) + side * (0.5F + kind_.down);
  const float face = side * kind_.size;
  return {.box = {x - face / 2, y - face / 2, face, face},
          .score = static_cast<float>(agreeing),
          .frontal = kind_.frontal};
}

std::vector<Detection> Cascade::detect(const cv::Mat& luma, int min_face_size, int neighbours,
                                       bool mirrored, double scale_step) {
  if (mirrored) cv::flip(luma, flipped_, 1);
  const int least = static_cast<int>(static_cast<float>(min_face_size) / kind_.size);
  std::vector<cv::Rect> windows;
  std::vector<int> agreeing;
  classifier_.detectMultiScale(mirrored ? flipped_ : luma, windows, agreeing, scale_step,
                               neighbours, 0, {least, least});
  std::vector<Detection> found;
  for (std::size_t i = 0; i < windows.size(); ++i)
    found.push_back(detection(windows[i], agreeing[i], mirrored, luma.cols));
  std::ranges::sort(found, std::greater{}, &Detection::score);
  return found;
}

std::optional<Detection> Cascade::look_closely(const cv::Mat& luma, const Rect& box,
                                               bool mirrored) {
  const float right = mirrored ? -kind_.right : kind_.right;
  const float side = box.width / kind_.size;
  const Rect window{box.x + box.width / 2 - side * (0.5F + right),
                    box.y + box.height / 2 - side * (0.5F + kind_.down), side, side};
  const cv::Mat crop = cut_out(luma, window, close_margin);
  if (crop.empty()) return {};
  const float scale = close_window / side;
  cv::resize(crop, scaled_, {}, double{scale}, double{scale},
             scale < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
  if (mirrored) cv::flip(scaled_, scaled_, 1);
  std::vector<cv::Rect> windows;
  std::vector<int> agreeing;
  const auto least = static_cast<int>(0.6F * close_window);
  const auto most = static_cast<int>(1.6F * close_window);
  classifier_.detectMultiScale(scaled_, windows, agreeing, close_scale_step, 1, 0, {least, least},
                               {most, most});
  if (windows.empty()) return {};
  const auto best = static_cast<std::size_t>(std::ranges::max_element(agreeing) - agreeing.begin());
  Detection face = detection(windows[best], agreeing[best], mirrored, scaled_.cols);
  const float left = std::floor(window.x - close_margin * side);
  const float top = std::floor(window.y - close_margin * side);
  face.box = {face.box.x / scale + left, face.box.y / scale + top, face.box.width / scale,
              face.box.height / scale};
  return face;
}

}  // namespace faceperturb
