// SPDX-License-Identifier: LGPL-2.1-or-later
#include "faces/luma_mat.h"

#include <cmath>
#include <opencv2/core.hpp>

namespace faceperturb {

cv::Mat cut_out(const cv::Mat& luma, const Rect& box, float margin) {
  const float around = margin * box.width;
  const cv::Rect wanted(static_cast<int>(std::floor(box.x - around)),
                        static_cast<int>(std::floor(box.y - around)),
                        static_cast<int>(std::ceil(box.width + 2 * around)),
                        static_cast<int>(std::ceil(box.height + 2 * around)));
  const cv::Rect inside = wanted & cv::Rect({}, luma.size());
  cv::Mat result;
  if (inside.empty()) return result;
  cv::copyMakeBorder(luma(inside), result, inside.y - wanted.y, wanted.br().y - inside.br().y,
                     inside.x - wanted.x, wanted.br().x - inside.br().x,
                     cv::BORDER_REPLICATE | cv::BORDER_ISOLATED);
  return result;
}

cv::Mat with_border(const cv::Mat& luma, int margin) {
  cv::Mat wide;
  cv::copyMakeBorder(luma, wide, margin, margin, margin, margin, cv::BORDER_REPLICATE);
  return wide;
}

cv::Mat normalised(const cv::Mat& luma) {
  cv::Mat result;
  luma.convertTo(result, CV_32F, 1, -cv::mean(luma)[0]);
  const double norm = cv::norm(result);
  if (norm > 0) result /= norm;
  return result;
}

}  // namespace faceperturb
