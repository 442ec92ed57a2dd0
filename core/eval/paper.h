// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <string_view>

/// What the paper that the method `shuffle` comes from prints, as far as it is at hand: He Yi et
/// al., "Privacy-Preserving Facial Recognition Models: Retaining Learning Without Storing Facial
/// Information", Letters in High Energy Physics, vol. 2024, no. 1.
namespace faceperturb::eval::paper {

inline constexpr int pixels = 8000;  ///< of a face on LFW
/// Of a face on AT&T, of 10304.
inline constexpr int least_pixels = 4500, most_pixels = 9360, pixels_step = 810;

inline constexpr double shuffle_ssim = 0.8549, shuffle_psnr = 23.89;

/// Detection by YOLOv3 on LFW: accuracy before and after, as shares.
inline constexpr double yolo_before = 0.9206, yolo_after = 0.9352;

/// What stands in for a value that the paper prints and that is not at hand.
inline constexpr const char* missing = "not at hand";
/// Its detectors of which no value is at hand.
inline constexpr std::array detectors{"Faster R-CNN with AlexNet", "Faster R-CNN with ResNet-101"};
/// Which of its values are at hand.
inline constexpr std::string_view at_hand =
    "The method shuffle, and the tables and figures named so, follow He Yi et al., "
    "\"Privacy-Preserving Facial Recognition Models: Retaining Learning Without Storing Facial "
    "Information\", Letters in High Energy Physics, 2024. Of the values that the paper prints "
    "these "
    "are at hand: SSIM .8549 and PSNR 23.89 of its method at n = 8000 on LFW; the accuracy of "
    "YOLOv3 "
    "before (92.06 %) and after (93.52 %); that accuracies change by 0.20 to 6.38 %; an average "
    "SSIM "
    "of .55 to .75; n = 4500 to 9360 on AT&T. Where a column or row of the paper says \"not at "
    "hand\", the paper prints a value and this report could not be compared with it.";

inline constexpr std::array<std::string_view, 3> contradictions{
    "The paper's F values do not follow from its precision and recall: F with alpha = 1 is their "
    "harmonic mean, as it is computed here.",
    "The paper says that accuracy changes by 0.20 to 6.38 %; the differences of its own table are "
    "others.",
    "The paper gives an \"average SSIM\" of .55 to .75, which exceeds the maximum that it states.",
};

}  // namespace faceperturb::eval::paper
