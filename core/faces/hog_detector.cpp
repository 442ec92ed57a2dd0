// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dlib/image_processing/frontal_face_detector.h>
#include <dlib/opencv/cv_image.h>

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "faces/detector.h"
#include "faces/luma_mat.h"

namespace faceperturb {
namespace {

constexpr int window = 80;

class HogDetector final : public Detector {
 public:
  std::vector<Detection> detect(const LumaView& luma, int min_face_size) override {
    const double scale = static_cast<double>(window) / min_face_size;
    if (std::min(luma.width, luma.height) * scale < 1) return {};
    cv::resize(luma_mat(luma), scaled_, {}, scale, scale,
               scale < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);

    std::vector<dlib::rect_detection> found;
    detector_(dlib::cv_image<unsigned char>(scaled_), found);

    std::vector<Detection> faces;
    for (const auto& detection : found) {
      const auto& r = detection.rect;
      const auto unscaled = [&](double length) { return static_cast<float>(length / scale); };
      faces.push_back(
          {{unscaled(static_cast<double>(r.left())), unscaled(static_cast<double>(r.top())),
            unscaled(static_cast<double>(r.width())), unscaled(static_cast<double>(r.height()))},
           static_cast<float>(detection.detection_confidence)});
    }
    std::ranges::sort(faces, std::greater{}, &Detection::score);
    return faces;
  }

 private:
  dlib::frontal_face_detector detector_ = dlib::get_frontal_face_detector();
  cv::Mat scaled_;
};

}  // namespace

std::unique_ptr<Detector> make_hog_detector() { return std::make_unique<HogDetector>(); }

int default_min_face_size(int width, int height) {
  return std::max(24, std::min(width, height) / 8);
}

}  // namespace faceperturb
