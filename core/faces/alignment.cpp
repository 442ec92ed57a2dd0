// SPDX-License-Identifier: LGPL-2.1-or-later
#include "faces/alignment.h"

#include <algorithm>

namespace faceperturb {
namespace {

constexpr std::size_t first_inner = 17;  // the jaw's landmarks turn with the head: not used

Point middle(const Landmarks& marks) {
  Point sum;
  for (std::size_t i = first_inner; i < marks.size(); ++i) sum.x += marks[i].x, sum.y += marks[i].y;
  const auto count = static_cast<float>(marks.size() - first_inner);
  return {sum.x / count, sum.y / count};
}

}  // namespace

Similarity align(const Landmarks& from, const Landmarks& to) {
  const Point f = middle(from), t = middle(to);
  float dot = 0, cross = 0, norm = 0;
  for (std::size_t i = first_inner; i < from.size(); ++i) {
    const float fx = from[i].x - f.x, fy = from[i].y - f.y;
    const float tx = to[i].x - t.x, ty = to[i].y - t.y;
    dot += fx * tx + fy * ty;
    cross += fx * ty - fy * tx;
    norm += fx * fx + fy * fy;
  }
  const float a = dot / norm, b = cross / norm;
  return {a, b, t.x - a * f.x + b * f.y, t.y - b * f.x - a * f.y};
}

Similarity align(const Landmarks& from, const Face& face) {
  if (face.landmarks) return align(from, *face.landmarks);
  const auto [left, right] = std::ranges::minmax(from, {}, &Point::x);
  const auto [top, bottom] = std::ranges::minmax(from, {}, &Point::y);
  const float a = face.box.width / (right.x - left.x);
  return {a, 0, face.box.x + (face.box.width - a * (left.x + right.x)) / 2,
          face.box.y + (face.box.height - a * (top.y + bottom.y)) / 2};
}

Similarity inverse(const Similarity& s) {
  const float norm = s.a * s.a + s.b * s.b;
  const float a = s.a / norm, b = -s.b / norm;
  return {a, b, -(a * s.x0 - b * s.y0), -(b * s.x0 + a * s.y0)};
}

}  // namespace faceperturb
