// SPDX-License-Identifier: LGPL-2.1-or-later
#include "regions/outline.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <tuple>

namespace faceperturb {
namespace {

// As many as an outline is made of at most, without memory of their own: all landmarks, and those
// of the forehead.
class Points {
 public:
  void add(cv::Point2f p) { points_[count_++] = p; }
  // A run of landmarks, both ends included.
  void add(const Landmarks& marks, int first, int last, cv::Point2f moved = {}) {
    for (int i = first; i <= last; ++i) {
      const Point& p = marks[static_cast<std::size_t>(i)];
      add(cv::Point2f(p.x, p.y) + moved);
    }
  }
  void add_corners(float left, float top, float right, float bottom) {
    for (const cv::Point2f p :
         {cv::Point2f(left, top), {right, top}, {right, bottom}, {left, bottom}})
      add(p);
  }

  cv::Point2f middle() const {
    cv::Point2f sum{};
    for (std::size_t i = 0; i < count_; ++i) sum += points_[i];
    return sum / static_cast<float>(count_);
  }
  void hull(std::vector<cv::Point2f>& outline) {
    cv::convexHull(cv::Mat(static_cast<int>(count_), 1, CV_32FC2, points_.data()), outline);
  }

 private:
  std::array<cv::Point2f, std::tuple_size_v<Landmarks> + 10> points_;
  std::size_t count_ = 0;
};

cv::Point2f middle(const Landmarks& marks, int first, int last) {
  Points points;
  points.add(marks, first, last);
  return points.middle();
}

// The brows moved away from the nose's base by the height between them: about the hair line.
void add_forehead(const Landmarks& marks, Points& points) {
  points.add(marks, 17, 26, (middle(marks, 17, 26) - middle(marks, 31, 35)) * 0.8F);
}

void add_head(const Rect& box, Points& points) {
  points.add_corners(box.x - 0.3F * box.width, box.y - 0.55F * box.height, box.x + 1.3F * box.width,
                     box.y + 1.2F * box.height);
}

void add_whole(const Rect& box, Points& points) {
  points.add_corners(box.x, box.y - 0.1F * box.height, box.x + box.width,
                     box.y + 1.1F * box.height);
}

}  // namespace

void region_outlines(const Face& face, Regions regions, std::vector<Outline>& outlines) {
  if (regions == Regions{}) regions = Regions::head;
  std::size_t count = 0;
  const auto outline = [&](float margin, auto add) {
    Points points;
    add(points);
    if (count == outlines.size()) outlines.emplace_back();
    points.hull(outlines[count].points);
    outlines[count++].margin = margin;
  };
  if (!face.landmarks) {
    outline(face.growth, [&](Points& points) {
      has(regions, Regions::head) ? add_head(face.box, points) : add_whole(face.box, points);
    });
    outlines.resize(count);
    return;
  }

  const Landmarks& m = *face.landmarks;
  const float eyes = static_cast<float>(cv::norm(middle(m, 36, 41) - middle(m, 42, 47)));
  // A profile's eyes are close together: never let the margin vanish with them.
  const float unit = std::max(eyes, 0.3F * face.box.width);
  const float feature_margin = 0.14F * unit + face.growth;

  if (has(regions, Regions::eyes)) {
    outline(feature_margin, [&](Points& points) {
      points.add(m, 17, 21);
      points.add(m, 36, 41);
    });
    outline(feature_margin, [&](Points& points) {
      points.add(m, 22, 26);
      points.add(m, 42, 47);
    });
  }
  if (has(regions, Regions::nose))
    outline(feature_margin, [&](Points& points) { points.add(m, 27, 35); });
  if (has(regions, Regions::mouth))
    outline(feature_margin, [&](Points& points) { points.add(m, 48, 67); });
  if (has(regions, Regions::face))
    outline(0.05F * unit + face.growth, [&](Points& points) {
      points.add(m, 0, 67);
      add_forehead(m, points);
    });
  if (has(regions, Regions::head))
    outline(face.growth, [&](Points& points) {
      points.add(m, 0, 67);
      add_head(face.box, points);
    });
  outlines.resize(count);
}

}  // namespace faceperturb
