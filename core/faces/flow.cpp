// SPDX-License-Identifier: LGPL-2.1-or-later
#include "faces/flow.h"

#include <algorithm>
#include <cmath>
#include <opencv2/calib3d.hpp>
#include <opencv2/video/tracking.hpp>
#include <vector>

namespace faceperturb {
namespace {

constexpr int grid = 6;             // points along each side of the box
constexpr int tile = 64;            // pixels
constexpr std::size_t fewest = 10;  // points that must agree

using Points = std::vector<cv::Point2f>;

// Those that lie in the part, by their places in it.
Points grid_points(const Rect& box, const cv::Rect& part) {
  Points points;
  for (int y = 0; y < grid; ++y) {
    for (int x = 0; x < grid; ++x) {
      const cv::Point2f p(
          box.x + box.width * (static_cast<float>(x) + 0.5F) / grid - static_cast<float>(part.x),
          box.y + box.height * (static_cast<float>(y) + 0.5F) / grid - static_cast<float>(part.y));
      if (p.x >= 0 && p.y >= 0 && p.x <= static_cast<float>(part.width - 1) &&
          p.y <= static_cast<float>(part.height - 1))
        points.push_back(p);
    }
  }
  return points;
}

}  // namespace

float Similarity::scale() const { return std::hypot(a, b); }

Rect Similarity::operator()(const Rect& box) const {
  const Point middle = (*this)(Point{box.x + box.width / 2, box.y + box.height / 2});
  const float width = box.width * scale(), height = box.height * scale();
  return {middle.x - width / 2, middle.y - height / 2, width, height};
}

cv::Rect surroundings(const Rect& box, cv::Size picture) {
  const auto before = [](float p) { return static_cast<int>(std::floor(p / tile)) * tile; };
  const auto after = [](float p) { return static_cast<int>(std::ceil(p / tile)) * tile; };
  const float reach = box.width;
  const cv::Point first(before(box.x - reach), before(box.y - reach)),
      last(after(box.x + box.width + reach), after(box.y + box.height + reach));
  return cv::Rect(first, last) & cv::Rect({}, picture);
}

std::optional<Similarity> follow(const Picture& from, const Picture& to, const Rect& box,
                                 const cv::Rect& part) {
  const Points start = grid_points(box, part);
  if (start.size() < fewest) return {};

  Points there, back;
  std::vector<unsigned char> went, returned;
  std::vector<float> error;
  const cv::Size window(flow_window, flow_window);
  cv::calcOpticalFlowPyrLK(from.pyramid(part), to.pyramid(part), start, there, went, error, window,
                           flow_levels);
  cv::calcOpticalFlowPyrLK(to.pyramid(part), from.pyramid(part), there, back, returned, error,
                           window, flow_levels);

  const float tolerance = std::max(1.F, 0.03F * box.width);
  Points kept_start, kept_there;
  for (std::size_t i = 0; i < start.size(); ++i) {
    if (!went[i] || !returned[i] || cv::norm(back[i] - start[i]) > tolerance) continue;
    const cv::Point2f origin = part.tl();
    kept_start.push_back(start[i] + origin);
    kept_there.push_back(there[i] + origin);
  }
  if (kept_start.size() < fewest) return {};

  std::vector<unsigned char> agree;
  const cv::Mat affine = cv::estimateAffinePartial2D(kept_start, kept_there, agree, cv::RANSAC,
                                                     std::max(1.0, 0.03 * double{box.width}));
  const auto count = static_cast<std::size_t>(std::ranges::count(agree, 1));
  if (affine.empty() || count < fewest || count * 4 < start.size()) return {};
  const auto value = [&](int row, int column) {
    return static_cast<float>(affine.at<double>(row, column));
  };
  const Similarity motion{value(0, 0), value(1, 0), value(0, 2), value(1, 2)};
  // Between two frames a face does not grow by half.
  if (motion.scale() < 0.67F || motion.scale() > 1.5F) return {};
  return motion;
}

}  // namespace faceperturb
