// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <string_view>

/// What the paper that the method `shuffle` comes from prints, as far as it is at hand.
namespace faceperturb::eval::paper {

inline constexpr int pixels = 8000;  ///< of a face on LFW
/// Of a face on AT&T, of 10304.
inline constexpr int least_pixels = 4500, most_pixels = 9360, pixels_step = 810;

inline constexpr double shuffle_ssim = 0.8549, shuffle_psnr = 23.89;
inline constexpr std::string_view shuffle = "shuffle";

/// Detection by YOLOv3 on LFW: accuracy before and after, as shares.
inline constexpr double yolo_before = 0.9206, yolo_after = 0.9352;

inline constexpr std::array<std::string_view, 3> contradictions{
    "The paper's F values do not follow from its precision and recall: F with alpha = 1 is their "
    "harmonic mean, as it is computed here.",
    "The paper says that accuracy changes by 0.20 to 6.38 %; the differences of its own table are "
    "others.",
    "The paper gives an \"average SSIM\" of .55 to .75, which exceeds the maximum that it states.",
};

}  // namespace faceperturb::eval::paper
