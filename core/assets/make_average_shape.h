// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <opencv2/core.hpp>
#include <span>
#include <vector>

/// The geometry of faceperturb-average-face.
namespace faceperturb::average {

/// Points of one face, in pixels; the n-th means the same feature in every shape.
using Shape = std::vector<cv::Point2d>;

/// A similarity x' = a x - b y + tx, y' = b x + a y + ty.
struct Similarity {
  double a = 1, b = 0, tx = 0, ty = 0;

  cv::Point2d operator()(cv::Point2d p) const {
    return {a * p.x - b * p.y + tx, b * p.x + a * p.y + ty};
  }
};

/// The similarity that carries `from` onto `to` with the least squared error.
Similarity fit(const Shape& from, const Shape& to);

/// The Procrustes mean of at least one shape, as large as they are on average.
Shape mean_of(std::span<const Shape> samples);

/// Which points mirror which: first + k and mirror + step * k, for k < count. Points in no
/// run lie on the axis.
struct Run {
  int first, count, mirror, step;
};

/// For each of `count` points its mirror image.
std::vector<size_t> mirror_pairs(std::span<const Run> runs, size_t count);

/// Three indices of points each.
using Triangles = std::vector<std::array<int, 3>>;

/// The Delaunay triangles of points that lie within a picture of `size`.
Triangles triangulate(const Shape& points, cv::Size size);

}  // namespace faceperturb::average
