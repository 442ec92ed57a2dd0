// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <opencv2/core.hpp>
#include <opencv2/quality/qualityssim.hpp>

#include "eval/grey.h"

namespace faceperturb::eval {
double ssim(const cv::Mat& a, const cv::Mat& b) {
  return cv::quality::QualitySSIM::compute(grey_of(a), grey_of(b), cv::noArray())[0];
}

double psnr(const cv::Mat& a, const cv::Mat& b) {
  const double squares = cv::norm(a, b, cv::NORM_L2SQR);
  if (squares == 0) return std::numeric_limits<double>::infinity();
  const double values = static_cast<double>(a.total()) * a.channels();
  return 10 * std::log10(255.0 * 255.0 * values / squares);
}

double iou(const Rect& a, const Rect& b) {
  const double width = std::min(a.x + a.width, b.x + b.width) - double{std::max(a.x, b.x)};
  const double height = std::min(a.y + a.height, b.y + b.height) - double{std::max(a.y, b.y)};
  if (width <= 0 || height <= 0) return 0;
  const double both = width * height;
  return both / (double{a.width} * a.height + double{b.width} * b.height - both);
}

}  // namespace faceperturb::eval
