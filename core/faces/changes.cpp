// SPDX-License-Identifier: LGPL-2.1-or-later
#include "faces/changes.h"

#include <opencv2/imgproc.hpp>

namespace faceperturb {
namespace {

constexpr double noise = 6;   // grey levels, of a block's mean
constexpr float most = 0.4F;  // of the picture

// A face and whoever has it: in its widths from its box, to the picture's lower edge.
constexpr float beside = 1, above = 0.6F;

}  // namespace

void Changes::searched(const Picture& picture, int min_face_size,
                       std::span<const Detection> known) {
  reference_ = block_means(picture, min_face_size);
  explained_ = cv::Mat::zeros(reference_.size(), CV_8U);
  const float block =
      static_cast<float>(picture.size().width) / static_cast<float>(reference_.cols);
  for (const Detection& face : known) {
    const Rect& box = face.box;
    const cv::Rect2f person(box.x - beside * box.width, box.y - above * box.width,
                            (1 + 2 * beside) * box.width,
                            static_cast<float>(picture.size().height) - box.y + above * box.width);
    const cv::Rect blocks(person.tl() / block, person.br() / block);
    explained_(blocks & cv::Rect({}, explained_.size())) = 255;
  }
}

std::optional<Rect> Changes::place(const Picture& picture, int min_face_size) const {
  const cv::Mat means = block_means(picture, min_face_size);
  if (means.size() != reference_.size()) return {};
  cv::Mat changed;
  cv::absdiff(means, reference_, changed);
  changed = (changed > noise) & ~explained_;
  const cv::Rect blocks = cv::boundingRect(changed);
  if (blocks.empty()) return {};
  const float block = static_cast<float>(picture.size().width) / static_cast<float>(means.cols);
  const auto room = static_cast<float>(min_face_size);
  const Rect place{static_cast<float>(blocks.x) * block - room,
                   static_cast<float>(blocks.y) * block - room,
                   static_cast<float>(blocks.width) * block + 2 * room,
                   static_cast<float>(blocks.height) * block + 2 * room};
  const float whole = static_cast<float>(picture.size().area());
  return place.width * place.height > most * whole ? std::nullopt : std::optional(place);
}

}  // namespace faceperturb
