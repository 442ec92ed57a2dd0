// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <opencv2/core.hpp>
#include <span>

#include "frame/cells.h"
#include "frame/frame.h"

namespace faceperturb {

/// A part of a frame as numbers: CV_32F, one channel or three (Y, U, V or R, G, B), 0 to 1 over
/// the range of a sample, chroma repeated to the size of luma.
struct Patch {
  cv::Rect area;  ///< luma pixels; within the frame, its corners on whole chroma units
  cv::Mat values;
};

/// The least rectangle of whole cells around `cells`, `margin` luma pixels wider on every side,
/// rounded outwards to multiples of `multiple` luma pixels, then clipped to the frame.
cv::Rect area_of(const Frame& frame, const CellGrid& grid, std::span<const Cell> cells,
                 int margin = 0, int multiple = 1);

/// `area` as area_of() gives it. Memory of `patch` is used again.
void read_patch(const Frame& frame, const cv::Rect& area, Patch& patch);

/// Writes the samples of `cells`, which lie within the patch; of pixels that share a sample, their
/// mean. Alpha and padding keep their values.
void write_patch(const Frame& frame, const CellGrid& grid, std::span<const Cell> cells,
                 const Patch& patch);

}  // namespace faceperturb
