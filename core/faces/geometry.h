// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

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

}  // namespace faceperturb
