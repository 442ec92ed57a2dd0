// SPDX-License-Identifier: LGPL-2.1-or-later
#include "faces/hog.h"

#include <dlib/image_processing/frontal_face_detector.h>
#include <dlib/opencv/cv_image.h>

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "faces/luma_mat.h"

namespace faceperturb {
namespace {

constexpr double window = 80;

}  // namespace

struct Hog::Impl {
  dlib::frontal_face_detector detector = made();

  // Its own takes a tenth of a second to be made, a copy of it next to nothing.
  static const dlib::frontal_face_detector& made() {
    static const auto detector = dlib::get_frontal_face_detector();
    return detector;
  }
  cv::Mat scaled;
};

Hog::Hog() : impl_(std::make_unique<Impl>()) {}
Hog::~Hog() = default;

std::vector<Detection> Hog::detect(const cv::Mat& luma, int min_face_size, float threshold) {
  const double scale = window / min_face_size;
  if (std::min(luma.cols, luma.rows) * scale < 1) return {};
  cv::resize(luma, impl_->scaled, {}, scale, scale, scale < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
  std::vector<dlib::rect_detection> found;
  impl_->detector(dlib::cv_image<unsigned char>(impl_->scaled), found, double{threshold});

  std::vector<Detection> faces;
  for (const auto& detection : found) {
    const auto& r = detection.rect;
    const auto unscaled = [&](long length) {
      return static_cast<float>(static_cast<double>(length) / scale);
    };
    faces.push_back(
        {.box = {unscaled(r.left()), unscaled(r.top()), unscaled(static_cast<long>(r.width())),
                 unscaled(static_cast<long>(r.height()))},
         .score = static_cast<float>(detection.detection_confidence)});
  }
  std::ranges::sort(faces, std::greater{}, &Detection::score);
  return faces;
}

std::optional<Detection> Hog::look_closely(const cv::Mat& luma, const Rect& box, float threshold) {
  constexpr float margin = 0.45F;  // for the window's own and for a box that is a third too small
  const cv::Mat crop = cut_out(luma, box, margin);
  if (crop.empty()) return {};
  auto found = detect(crop, std::max(8, static_cast<int>(box.width * 0.8F)), threshold);
  if (found.empty()) return {};
  found.front().box.x += std::floor(box.x - margin * box.width);
  found.front().box.y += std::floor(box.y - margin * box.width);
  return found.front();
}

}  // namespace faceperturb
