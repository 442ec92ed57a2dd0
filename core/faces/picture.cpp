// SPDX-License-Identifier: LGPL-2.1-or-later
#include "faces/picture.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <opencv2/video/tracking.hpp>
#include <utility>

#include "faces/flow.h"
#include "faces/luma_mat.h"
#include "frame/reduce.h"

namespace faceperturb {
namespace {

// Mean brightness below which the picture is equalised, wholly and not at all; between them it is
// mixed, so that the look of a scene that grows lighter has no jump that would break optical flow.
constexpr double dark = 25;
constexpr double light = 45;

// How steep contrast may become (CLAHE's clip limit): what lies below this mean needs the most,
// above it a grey level less for each; more than needed shows noise as much as faces.
constexpr double most_contrast = 8, least_contrast = 3;
constexpr double most_below = 27;

constexpr double same_shot = 0.6;  // correlation of two thumbnails

cv::Mat in_few_pixels(const cv::Mat& luma) {
  constexpr int width = 32, height = 18;
  const int by = std::max(1, std::min(luma.cols / width, luma.rows / height));
  cv::Mat blocks(luma.rows / by, luma.cols / by, CV_8U), few;
  reduce(luma_view(luma), by, blocks.data, static_cast<std::ptrdiff_t>(blocks.step));
  cv::resize(blocks, few, {width, height}, 0, 0, cv::INTER_AREA);
  return few;
}

// The same picture where it is not dark.
cv::Mat with_contrast(const cv::Mat& luma) {
  const double mean = cv::mean(in_few_pixels(luma))[0];
  const double share = std::clamp((light - mean) / (light - dark), 0.0, 1.0);
  if (share == 0) return luma;
  cv::Mat equal;
  cv::createCLAHE(std::clamp(most_contrast - (mean - most_below), least_contrast, most_contrast),
                  {8, 8})
      ->apply(luma, equal);
  cv::addWeighted(equal, share, luma, 1 - share, 0, equal);
  return equal;
}

}  // namespace

void Picture::read(const LumaView& luma, std::chrono::nanoseconds time) {
  time_ = time;
  luma_.release();
  thumbnail_.release();
  block_ = 0;
  pyramid_.clear();
  if (plain_.u && plain_.u->refcount > 1) plain_.release();  // somebody else looks at it still
  reduction_ = std::max(1, std::min(luma.width, luma.height) / 270);
  plain_.create(luma.height / reduction_, luma.width / reduction_, CV_8U);
  reduce(luma, reduction_, plain_.data, static_cast<std::ptrdiff_t>(plain_.step));
}

const cv::Mat& Picture::luma() const {
  if (luma_.empty()) luma_ = with_contrast(plain_);
  return luma_;
}

bool Picture::dark() const { return luma().data != plain_.data; }

LumaView Picture::view() const { return luma_view(luma()); }

const cv::Mat& Picture::thumbnail() const {
  if (thumbnail_.empty()) thumbnail_ = normalised(in_few_pixels(luma()));
  return thumbnail_;
}

const std::vector<cv::Mat>& Picture::pyramid(const cv::Rect& part) const {
  if (pyramid_.empty() || part != part_)
    cv::buildOpticalFlowPyramid(luma()(part), pyramid_, {flow_window, flow_window}, flow_levels);
  part_ = part;
  return pyramid_;
}

int Picture::block_width(int min_face_size) { return std::clamp(min_face_size / 4, 2, 16); }

const cv::Mat& Picture::block_means(int min_face_size) const {
  const int block = block_width(min_face_size);
  if (std::exchange(block_, block) != block) {
    const auto blocks = [&](int pixels) { return (pixels + block - 1) / block; };
    const cv::Size size(blocks(plain_.cols), blocks(plain_.rows));
    cv::Mat whole;  // blocks
    cv::copyMakeBorder(plain_, whole, 0, size.height * block - plain_.rows, 0,
                       size.width * block - plain_.cols, cv::BORDER_REPLICATE);
    block_means_.release();  // others may keep it
    cv::resize(whole, block_means_, size, 0, 0, cv::INTER_AREA);
  }
  return block_means_;
}

bool alike(const cv::Mat& thumbnail, const cv::Mat& other) {
  return thumbnail.dot(other) > same_shot;
}

}  // namespace faceperturb
