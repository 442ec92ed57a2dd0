// SPDX-License-Identifier: LGPL-2.1-or-later
#include "regions/outline.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace faceperturb {
namespace {

using Points = std::vector<cv::Point2f>;

// A run of landmarks, both ends included.
Points run(const Landmarks& marks, int first, int last) {
  Points points;
  for (int i = first; i <= last; ++i) {
    const Point& p = marks[static_cast<std::size_t>(i)];
    points.emplace_back(p.x, p.y);
  }
  return points;
}

Points join(Points a, const Points& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

cv::Point2f middle(const Points& points) {
  cv::Point2f sum{};
  for (const auto& p : points) sum += p;
  return sum / static_cast<float>(points.size());
}

Outline hull(const Points& points, float margin) {
  Points outline;
  cv::convexHull(points, outline);
  return {outline, margin};
}

// The brows moved away from the nose's base by the height between them: about the hair line.
Points forehead(const Landmarks& marks) {
  Points brows = run(marks, 17, 26);
  const auto up = (middle(brows) - middle(run(marks, 31, 35))) * 0.8F;
  for (auto& p : brows) p += up;
  return brows;
}

Points corners(float left, float top, float right, float bottom) {
  return {{left, top}, {right, top}, {right, bottom}, {left, bottom}};
}

Points head(const Rect& box) {
  return corners(box.x - 0.3F * box.width, box.y - 0.55F * box.height, box.x + 1.3F * box.width,
                 box.y + 1.2F * box.height);
}

Points whole(const Rect& box) {
  return corners(box.x, box.y - 0.1F * box.height, box.x + box.width, box.y + 1.1F * box.height);
}

}  // namespace

std::vector<Outline> region_outlines(const Face& face, Regions regions) {
  if (regions == Regions{}) regions = Regions::head;
  if (!face.landmarks) {
    return {hull(has(regions, Regions::head) ? head(face.box) : whole(face.box), face.growth)};
  }

  const Landmarks& m = *face.landmarks;
  const float eyes = static_cast<float>(cv::norm(middle(run(m, 36, 41)) - middle(run(m, 42, 47))));
  // A profile's eyes are close together: never let the margin vanish with them.
  const float unit = std::max(eyes, 0.3F * face.box.width);
  const float feature_margin = 0.14F * unit + face.growth;

  std::vector<Outline> outlines;
  if (has(regions, Regions::eyes)) {
    outlines.push_back(hull(join(run(m, 17, 21), run(m, 36, 41)), feature_margin));
    outlines.push_back(hull(join(run(m, 22, 26), run(m, 42, 47)), feature_margin));
  }
  if (has(regions, Regions::nose)) outlines.push_back(hull(run(m, 27, 35), feature_margin));
  if (has(regions, Regions::mouth)) outlines.push_back(hull(run(m, 48, 67), feature_margin));
  if (has(regions, Regions::face))
    outlines.push_back(hull(join(run(m, 0, 67), forehead(m)), 0.05F * unit + face.growth));
  if (has(regions, Regions::head))
    outlines.push_back(hull(join(run(m, 0, 67), head(face.box)), face.growth));
  return outlines;
}

}  // namespace faceperturb
