// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <opencv2/core/mat.hpp>

#include "faces/geometry.h"

namespace faceperturb::eval {

/// Mean structural similarity of two 8-bit pictures of one size, on luma (BT.601): Gaussian window
/// of 11x11 with sigma 1.5, K1 = 0.01, K2 = 0.03, L = 255 (Wang, Bovik, Sheikh and Simoncelli,
/// IEEE TIP 2004), the picture mirrored at its edges. 1 for equal pictures.
double ssim(const cv::Mat& a, const cv::Mat& b);

/// Peak signal to noise ratio over all channels in dB, peak 255; infinite for equal pictures.
double psnr(const cv::Mat& a, const cv::Mat& b);

/// Intersection over union, 0 where the boxes are apart.
double iou(const Rect& a, const Rect& b);

}  // namespace faceperturb::eval
