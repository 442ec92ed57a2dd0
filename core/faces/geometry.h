// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <cmath>

namespace faceperturb {

/// A position in luma pixels; (0, 0) is the centre of the top left pixel.
struct Point {
  float x = 0;
  float y = 0;
};

/// An axis-aligned box in luma pixels; may reach beyond the frame.
struct Rect {
  float x = 0;
  float y = 0;
  float width = 0;
  float height = 0;

  bool operator==(const Rect&) const = default;
};

/// The smallest box that holds both.
inline Rect united(const Rect& a, const Rect& b) {
  const float x = std::min(a.x, b.x), y = std::min(a.y, b.y);
  return {x, y, std::max(a.x + a.width, b.x + b.width) - x,
          std::max(a.y + a.height, b.y + b.height) - y};
}

/// Intersection over union, 0 to 1.
inline float overlap(const Rect& a, const Rect& b) {
  const float width = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
  const float height = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const float common = width * height;
  return common / (a.width * a.height + b.width * b.height - common);
}

/// Whether a much smaller face is seen on the forehead, hair or cheeks of another.
inline bool within_head(const Rect& small, const Rect& face) {
  const float x = small.x + small.width / 2 - face.x, y = small.y + small.height / 2 - face.y;
  return small.width < 0.65F * face.width && x > 0 && x < face.width && y > -0.4F * face.height &&
         y < face.height;
}

/// Whether two boxes are about one place.
inline bool same_place(const Rect& a, const Rect& b) {
  return std::hypot(a.x + a.width / 2 - b.x - b.width / 2,
                    a.y + a.height / 2 - b.y - b.height / 2) < 0.4F * std::max(a.width, b.width);
}

}  // namespace faceperturb
