// SPDX-License-Identifier: LGPL-2.1-or-later
#include "faces/hog.h"

#include <dlib/image_processing/frontal_face_detector.h>
#include <dlib/opencv/cv_image.h>

#include <algorithm>
#include <limits>
#include <opencv2/imgproc.hpp>

#include "faces/luma_mat.h"

namespace faceperturb {
namespace {

constexpr double window = 80;

}  // namespace

struct Hog::Impl {
  dlib::frontal_face_detector detector = dlib::get_frontal_face_detector();
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

float Hog::score_at(const cv::Mat& luma, const Rect& box, float threshold) {
  // Room for the window's margin and for a box that is a third too small.
  const cv::Mat crop = cut_out(luma, box, 0.45F);
  if (crop.empty()) return -std::numeric_limits<float>::infinity();
  const auto found = detect(crop, std::max(8, static_cast<int>(box.width * 0.8F)), threshold);
  return found.empty() ? -std::numeric_limits<float>::infinity() : found.front().score;
}

}  // namespace faceperturb
