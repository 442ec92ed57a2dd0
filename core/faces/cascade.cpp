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
  std::string path = std::string(OPENCV_DATA "/") + file;
  if (!std::filesystem::exists(path))
    throw ModelError("'" + path + "' does not exist; Debian's package opencv-data has it");
  return path;
}

// A picture turned about its middle, and where a place in it was before.
class Turn {
 public:
  Turn(cv::Size size, double degrees)
      : degrees_(degrees),
        there_(cv::getRotationMatrix2D(
            {static_cast<float>(size.width - 1) / 2, static_cast<float>(size.height - 1) / 2},
            degrees, 1)) {}

  cv::Mat operator()(const cv::Mat& picture) const {
    if (degrees_ == 0) return picture;
    cv::Mat turned;
    cv::warpAffine(picture, turned, there_, picture.size(), cv::INTER_LINEAR, cv::BORDER_REPLICATE);
    return turned;
  }
  // The box stays upright.
  Rect back(const Rect& box) const {
    cv::Matx23d m;
    cv::invertAffineTransform(there_, m);
    const double x = double{box.x} + double{box.width} / 2,
                 y = double{box.y} + double{box.height} / 2;
    return {static_cast<float>(m(0, 0) * x + m(0, 1) * y + m(0, 2)) - box.width / 2,
            static_cast<float>(m(1, 0) * x + m(1, 1) * y + m(1, 2)) - box.height / 2, box.width,
            box.height};
  }

 private:
  double degrees_;
  cv::Mat there_;
};

}  // namespace

Rect beyond_edges(cv::Size size) {
  const int eighth = std::min(size.width, size.height) / 8;
  const auto margin = static_cast<float>(eighth);
  return {-margin, -margin, static_cast<float>(size.width) + 2 * margin,
          static_cast<float>(size.height) + 2 * margin};
}

// Size and place measured against the HOG detector's boxes on a clip of 761 frames (medians).
const Cascade::Kind Cascade::frontal{"haarcascades/haarcascade_frontalface_alt2.xml", true, 0.86F,
                                     0, 0.09F};
const Cascade::Kind Cascade::frontal_shade{"haarcascades/haarcascade_frontalface_default.xml", true,
                                           0.86F, 0, 0.085F};
const Cascade::Kind Cascade::frontal_texture{"lbpcascades/lbpcascade_frontalface.xml", true, 0.86F,
                                             0, 0.085F};
const Cascade::Kind Cascade::profile{"haarcascades/haarcascade_profileface.xml", false, 0.85F,
                                     -0.05F, 0.09F};

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

std::vector<Detection> Cascade::detect(const cv::Mat& luma, const Search& search) {
  // The classifier drops pixels when it reduces the picture to its window's size; the mean of all
  // of them, as far as the smallest window allows, is quicker and sees more.
  const float own = static_cast<float>(classifier_.getOriginalWindowSize().width);
  const float least = static_cast<float>(search.min_face_size) / kind_.size;
  const float reduction = std::max(1.F, search.detail * least / own);
  cv::resize(luma, reduced_, {}, 1 / double{reduction}, 1 / double{reduction},
             reduction < 2 ? cv::INTER_LINEAR : cv::INTER_AREA);  // which takes eight times as long
  if (search.mirrored) cv::flip(reduced_, reduced_, 1);
  std::vector<cv::Rect> windows;
  std::vector<int> agreeing;
  classifier_.detectMultiScale(reduced_, windows, agreeing, search.step, search.neighbours, 0,
                               cv::Size2f(least / reduction, least / reduction));
  std::vector<Detection> found;
  for (std::size_t i = 0; i < windows.size(); ++i) {
    Detection face = detection(windows[i], agreeing[i], search.mirrored, reduced_.cols);
    face.box = {face.box.x * reduction, face.box.y * reduction, face.box.width * reduction,
                face.box.height * reduction};
    found.push_back(face);
  }
  std::ranges::sort(found, std::greater{}, &Detection::score);
  return found;
}

std::vector<Detection> Cascade::detect_in(const cv::Mat& luma, const Rect& part,
                                          const Search& search) {
  const cv::Mat cut = cut_out(luma, part, 0);
  if (cut.empty()) return {};
  auto found = detect(cut, search);
  for (Detection& face : found) {
    face.box.x += std::floor(part.x);
    face.box.y += std::floor(part.y);
  }
  return found;
}

std::vector<Detection> Cascade::detect_tilted(const cv::Mat& luma, const Search& search,
                                              double tilt) {
  const Turn turn(luma.size(), search.mirrored ? -tilt : tilt);
  auto found = detect(turn(luma), search);
  for (Detection& face : found) face.box = turn.back(face.box);
  return found;
}

std::optional<Detection> Cascade::look_closely(const cv::Mat& luma, const Rect& box, bool mirrored,
                                               double tilt) {
  const float right = mirrored ? -kind_.right : kind_.right;
  const float side = box.width / kind_.size;
  const Rect window{box.x + box.width / 2 - side * (0.5F + right),
                    box.y + box.height / 2 - side * (0.5F + kind_.down), side, side};
  const cv::Mat crop = cut_out(luma, window, close_margin);
  if (crop.empty()) return {};
  const float scale = close_window / side;
  cv::resize(crop, scaled_, {}, double{scale}, double{scale},
             scale < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
  const Turn turn(scaled_.size(), mirrored ? -tilt : tilt);
  scaled_ = turn(scaled_);
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
  face.box = turn.back(face.box);
  const float left = std::floor(window.x - close_margin * side);
  const float top = std::floor(window.y - close_margin * side);
  face.box = {face.box.x / scale + left, face.box.y / scale + top, face.box.width / scale,
              face.box.height / scale};
  return face;
}

}  // namespace faceperturb
