// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/subject.h"

#include <algorithm>
#include <cmath>

#include "eval/align.h"
#include "eval/metrics.h"

namespace faceperturb::eval {
namespace {

constexpr double same_face = 0.4;  // overlap of two boxes of one face

}  // namespace

std::optional<Sighting> main_face(std::span<const std::vector<Detection>> found,
                                  std::span<const std::string> detectors, cv::Size size) {
  std::optional<Sighting> best;
  std::ptrdiff_t most = 0;
  double nearest = 0;
  for (std::size_t d = 0; d < found.size(); ++d) {
    for (const Detection& face : found[d]) {
      if (!face.sure) continue;
      const auto votes = std::ranges::count_if(found, [&](const auto& boxes) {
        return std::ranges::any_of(
            boxes, [&](const auto& other) { return iou(face.box, other.box) > same_face; });
      });
      const double off = std::hypot(face.box.x + face.box.width / 2 - size.width / 2.0,
                                    face.box.y + face.box.height / 2 - size.height / 2.0);
      if (best && (votes < most || iou(best->box, face.box) > same_face)) continue;
      if (best && votes == most && off >= nearest) continue;
      best = Sighting{face.box, detectors[d]};
      most = votes;
      nearest = off;
    }
  }
  return best;
}

std::optional<Rect> median_box(std::span<const Rect> boxes) {
  if (boxes.empty()) return std::nullopt;
  const auto median = [&](float Rect::*side) {
    std::vector<float> values;
    for (const Rect& box : boxes) values.push_back(box.*side);
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
  };
  return Rect{median(&Rect::x), median(&Rect::y), median(&Rect::width), median(&Rect::height)};
}

Subject make_subject(const Instruments& instruments, const cv::Mat& bgr, const Sighting& sighting) {
  Subject subject{{.box = sighting.box}, {}, sighting.source};
  const Landmarks landmarks = instruments.landmarks(bgr, sighting.box);
  if (plausible(landmarks, sighting.box)) subject.face.landmarks = landmarks;
  subject.points = five_points(landmarks);
  return subject;
}

}  // namespace faceperturb::eval
