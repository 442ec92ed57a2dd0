// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>

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
};

/// The smallest box that holds both.
inline Rect united(const Rect& a, const Rect& b) {
  const float x = std::min(a.x, b.x), y = std::min(a.y, b.y);
  return {x, y, std::max(a.x + a.width, b.x + b.width) - x,
          std::max(a.y + a.height, b.y + b.height) - y};
}

}  // namespace faceperturb
