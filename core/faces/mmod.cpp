// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dlib/dnn.h>
#include <dlib/image_processing.h>
#include <dlib/opencv/cv_image.h>

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "faces/dnn.h"
#include "faces/picture.h"

namespace faceperturb {
namespace {

// The shape of the net that dlib's published CNN face detector has: a file can be read only into
// the same type.
template <long filters, int size, int stride, typename Below>
using Conv = dlib::relu<dlib::affine<dlib::con<filters, size, size, stride, stride, Below>>>;
template <typename Below>
using Downsample = Conv<32, 5, 2, Conv<32, 5, 2, Conv<16, 5, 2, Below>>>;
template <typename Below>
using Body = Conv<45, 5, 1, Conv<45, 5, 1, Conv<45, 5, 1, Below>>>;
using Net = dlib::loss_mmod<dlib::con<
    1, 9, 9, 1, 1, Body<Downsample<dlib::input_rgb_image_pyramid<dlib::pyramid_down<6>>>>>>;

constexpr double window = 40;  // the smallest face that the net sees

class MmodDetector final : public Detector {
 public:
  explicit MmodDetector(const std::string& model) { dlib::deserialize(model) >> net_; }

  std::vector<Detection> detect(const Picture& picture, int min_face_size) override {
    const double scale = window / min_face_size;
    cv::Mat scaled, colour;
    cv::resize(picture.luma(), scaled, {}, scale, scale,
               scale < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
    cv::cvtColor(scaled, colour, cv::COLOR_GRAY2BGR);
    dlib::matrix<dlib::rgb_pixel> image;
    dlib::assign_image(image, dlib::cv_image<dlib::bgr_pixel>(colour));
    std::vector<Detection> faces;
    for (const auto& found : net_(image)) {
      const auto unscaled = [&](double length) { return static_cast<float>(length / scale); };
      faces.push_back({.box = {unscaled(static_cast<double>(found.rect.left())),
                               unscaled(static_cast<double>(found.rect.top())),
                               unscaled(static_cast<double>(found.rect.width())),
                               unscaled(static_cast<double>(found.rect.height()))},
                       .score = static_cast<float>(found.detection_confidence)});
    }
    std::ranges::sort(faces, std::greater{}, &Detection::score);
    return faces;
  }

 private:
  Net net_;
};

}  // namespace

std::unique_ptr<Detector> make_mmod_detector(const std::string& model) {
  return std::make_unique<MmodDetector>(model);
}

}  // namespace faceperturb
