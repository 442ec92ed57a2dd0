// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string_view>

namespace faceperturb {

/// The only states in which a frame may leave.
enum class FrameState {
  checked,  ///< a detector looked at it
  held,     ///< a lost face is still protected where it was
  covered,  ///< nobody could look, or not to the end: the picture was replaced
};

constexpr std::string_view name(FrameState state) {
  switch (state) {
    case FrameState::checked:
      return "checked";
    case FrameState::held:
      return "held";
    case FrameState::covered:
      break;
  }
  return "covered";
}

}  // namespace faceperturb
