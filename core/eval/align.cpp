// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/align.h"

#include <opencv2/imgproc.hpp>
#include <vector>

namespace faceperturb::eval {
namespace {

constexpr FivePoints places{
    {{38.29F, 51.70F}, {73.53F, 51.50F}, {56.03F, 71.74F}, {41.55F, 92.37F}, {70.73F, 92.20F}}};

Point middle(const Landmarks& landmarks, std::size_t first, std::size_t last) {
  Point sum;
  for (std::size_t i = first; i <= last; ++i) {
    sum.x += landmarks[i].x;
    sum.y += landmarks[i].y;
  }
  const auto n = static_cast<float>(last - first + 1);
  return {sum.x / n, sum.y / n};
}

// The similarity of least squared error from `from` to `to`, as a 2x3 matrix.
cv::Matx23d similarity(const FivePoints& from, const FivePoints& to) {
  const double n = static_cast<double>(from.size());
  cv::Point2d from_mean, to_mean;
  for (std::size_t i = 0; i < from.size(); ++i) {
    from_mean += cv::Point2d(from[i].x, from[i].y) / n;
    to_mean += cv::Point2d(to[i].x, to[i].y) / n;
  }
  double a = 0, b = 0, squares = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const cv::Point2d p = cv::Point2d(from[i].x, from[i].y) - from_mean;
    const cv::Point2d q = cv::Point2d(to[i].x, to[i].y) - to_mean;
    a += p.dot(q);
    b += p.cross(q);
    squares += p.dot(p);
  }
  a /= squares;
  b /= squares;
  return {a, -b, to_mean.x - a * from_mean.x + b * from_mean.y,
          b, a,  to_mean.y - b * from_mean.x - a * from_mean.y};
}

}  // namespace

FivePoints five_points(const Landmarks& landmarks) {
  return {middle(landmarks, 36, 41), middle(landmarks, 42, 47), landmarks[30], landmarks[48],
          landmarks[54]};
}

cv::Mat align(const cv::Mat& picture, const FivePoints& points) {
  cv::Mat face;
  cv::warpAffine(picture, face, similarity(points, places), {aligned_size, aligned_size},
                 cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  return face;
}

}  // namespace faceperturb::eval
