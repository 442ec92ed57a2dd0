// SPDX-License-Identifier: LGPL-2.1-or-later
#include "make_average_shape.h"

#include <cmath>
#include <numeric>
#include <opencv2/imgproc.hpp>

namespace faceperturb::average {

namespace {

cv::Point2d centroid(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), cv::Point2d()) *
         (1.0 / static_cast<double>(shape.size()));
}

double spread(const Shape& shape) {
  const cv::Point2d c = centroid(shape);
  double sum = 0;
  for (const auto& p : shape) sum += (p - c).dot(p - c);
  return std::sqrt(sum / static_cast<double>(shape.size()));
}

}  // namespace

Similarity fit(const Shape& from, const Shape& to) {
  const cv::Point2d cf = centroid(from);
  const cv::Point2d ct = centroid(to);
  double dot = 0, cross = 0, norm = 0;
  for (size_t i = 0; i < from.size(); ++i) {
    const cv::Point2d f = from[i] - cf;
    const cv::Point2d t = to[i] - ct;
    dot += f.dot(t);
    cross += f.cross(t);
    norm += f.dot(f);
  }
  Similarity s;
  s.a = dot / norm;
  s.b = cross / norm;
  s.tx = ct.x - s.a * cf.x + s.b * cf.y;
  s.ty = ct.y - s.b * cf.x - s.a * cf.y;
  return s;
}

Shape mean_of(std::span<const Shape> samples) {
  Shape mean = samples.front();
  for (int round = 0; round < 10; ++round) {
    Shape sum(mean.size());
    double size = 0;
    for (const Shape& sample : samples) {
      const Similarity s = fit(sample, mean);
      for (size_t i = 0; i < sum.size(); ++i) sum[i] += s(sample[i]);
      size += spread(sample);
    }
    for (auto& p : sum) p *= 1.0 / static_cast<double>(samples.size());
    // Keep the mean size of the pictures: Procrustes shrinks otherwise.
    const double scale = size / static_cast<double>(samples.size()) / spread(sum);
    const cv::Point2d c = centroid(sum);
    for (auto& p : sum) p = (p - c) * scale + c;
    mean = sum;
  }
  return mean;
}

std::vector<size_t> mirror_pairs(std::span<const Run> runs, size_t count) {
  std::vector<size_t> pair(count);
  std::iota(pair.begin(), pair.end(), size_t{0});
  for (const Run& run : runs) {
    for (int k = 0; k < run.count; ++k) {
      const auto i = static_cast<size_t>(run.first + k);
      const auto j = static_cast<size_t>(run.mirror + run.step * k);
      pair.at(i) = j;
      pair.at(j) = i;
    }
  }
  return pair;
}

Triangles triangulate(const Shape& points, cv::Size size) {
  cv::Subdiv2D plane(cv::Rect(-8, -8, size.width + 16, size.height + 16));
  for (const auto& p : points) plane.insert(cv::Point2f(p));
  std::vector<cv::Vec6f> found;
  plane.getTriangleList(found);
  Triangles triangles;
  for (const auto& t : found) {
    std::array<int, 3> ids{-1, -1, -1};
    for (size_t corner = 0; corner < 3; ++corner) {
      const cv::Point2f at(t[static_cast<int>(2 * corner)], t[static_cast<int>(2 * corner + 1)]);
      for (size_t i = 0; i < points.size(); ++i) {
        if (cv::Point2f(points[i]) == at) ids[corner] = static_cast<int>(i);
      }
    }
    if (ids[0] >= 0 && ids[1] >= 0 && ids[2] >= 0) triangles.push_back(ids);
  }
  return triangles;
}

}  // namespace faceperturb::average
