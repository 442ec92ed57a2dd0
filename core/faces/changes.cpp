// SPDX-License-Identifier: LGPL-2.1-or-later
#include "faces/changes.h"

#include <opencv2/imgproc.hpp>

#include "faces/cascade.h"

namespace faceperturb {
namespace {

constexpr float most = 0.6F;  // of everywhere

// A face and whoever has it: in its widths from its box, to the picture's lower edge.
constexpr float beside = 1, above = 0.6F;

}  // namespace

void Changes::searched(const Picture& picture, int min_face_size) {
  reference_ = picture.block_means(min_face_size);
}

Rect Changes::place(const Picture& picture, int min_face_size,
                    std::span<const Detection> known) const {
  const cv::Mat& means = picture.block_means(min_face_size);
  if (means.size() != reference_.size()) return beyond_edges(picture.size());
  cv::Mat changed;
  cv::absdiff(means, reference_, changed);
  changed = changed > block_noise;
  const auto block = static_cast<float>(Picture::block_width(min_face_size));
  for (const Detection& face : known) {
    const Rect& box = face.box;
    const cv::Rect2f person(box.x - beside * box.width, box.y - above * box.width,
                            (1 + 2 * beside) * box.width,
                            static_cast<float>(picture.size().height) - box.y + above * box.width);
    const cv::Rect blocks(person.tl() / block, person.br() / block);
    changed(blocks & cv::Rect({}, changed.size())) = 0;
  }
  const cv::Rect blocks = cv::boundingRect(changed);
  if (blocks.empty()) return {};
  const auto room = static_cast<float>(min_face_size);
  const Rect place{static_cast<float>(blocks.x) * block - room,
                   static_cast<float>(blocks.y) * block - room,
                   static_cast<float>(blocks.width) * block + 2 * room,
                   static_cast<float>(blocks.height) * block + 2 * room};
  const Rect everywhere = beyond_edges(picture.size());
  return place.width * place.height > most * everywhere.width * everywhere.height ? everywhere
                                                                                  : place;
}

}  // namespace faceperturb
