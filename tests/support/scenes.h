// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "eval/scene.h"

namespace faceperturb::test {

/// A picture with one face that the detector finds: rendered once, 320x240.
inline const eval::SceneFrame& portrait() {
  static const eval::SceneFrame frame = eval::render_portrait({320, 240}, 0);
  return frame;
}

}  // namespace faceperturb::test
