// SPDX-License-Identifier: LGPL-2.1-or-later
#include "faces/picture.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <opencv2/video/tracking.hpp>

#include "faces/flow.h"
#include "faces/luma_mat.h"

namespace faceperturb {
namespace {

// Mean brightness below which the picture is equalised, wholly and not at all; between them it is
// mixed, so that the look of a scene that grows lighter has no jump that would break optical flow.
constexpr double dark = 25;
constexpr double light = 45;

constexpr float same_shot = 0.6F;  // correlation of two thumbnails

bool raise_contrast(cv::Mat& luma) {
  const double mean = cv::mean(luma)[0];
  const double share = std::clamp((light - mean) / (light - dark), 0.0, 1.0);
  if (share == 0) return false;
  cv::Mat equal;
  cv::createCLAHE(8, {8, 8})->apply(luma, equal);
  cv::addWeighted(equal, share, luma, 1 - share, 0, luma);
  return true;
}

}  // namespace

Picture::Picture(const LumaView& luma)
    : reduction_(std::max(1, std::min(luma.width, luma.height) / 270)) {
  const cv::Mat full = luma_mat(luma);
  // The pixels that make up whole blocks: a remainder at the right or bottom edge is left out, so
  // that positions are exact multiples.
  const cv::Size size(luma.width / reduction_, luma.height / reduction_);
  cv::resize(full(cv::Rect({}, size * reduction_)), luma_, size, 0, 0, cv::INTER_AREA);
  dark_ = raise_contrast(luma_);
}

LumaView Picture::view() const {
  return {luma_.data, luma_.cols, luma_.rows, static_cast<std::ptrdiff_t>(luma_.step)};
}

const cv::Mat& Picture::thumbnail() const {
  if (thumbnail_.empty()) cv::resize(luma_, thumbnail_, {32, 18}, 0, 0, cv::INTER_AREA);
  return thumbnail_;
}

const std::vector<cv::Mat>& Picture::pyramid() const {
  if (pyramid_.empty())
    cv::buildOpticalFlowPyramid(luma_, pyramid_, {flow_window, flow_window}, flow_levels);
  return pyramid_;
}

bool alike(const cv::Mat& thumbnail, const cv::Mat& other) {
  cv::Mat correlation;
  cv::matchTemplate(thumbnail, other, correlation, cv::TM_CCOEFF_NORMED);
  return correlation.at<float>(0) > same_shot;
}

}  // namespace faceperturb
