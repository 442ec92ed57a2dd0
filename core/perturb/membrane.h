// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <span>
#include <vector>

#include "frame/runs.h"

namespace faceperturb {

/// The smoothest surface that takes given values along a region's edge: what must be added to a
/// picture so that it meets its surroundings without a seam (after P. Perez, M. Gangnet and
/// A. Blake, "Poisson Image Editing", 2003). With a reach it falls to nothing away from the edge,
/// as far as it can without a bend (the screened equation: P. Bhat et al., "Fourier Analysis of the
/// 2D Screened Poisson Equation for Gradient Domain Problems", 2008). Worked out on a coarse net
/// that moves with the face: it tells no detail, and follows only slowly what changes from frame to
/// frame.
class Membrane {
 public:
  /// Where the cells of a region lie on the net: its nodes have whole coordinates from (0, 0).
  struct Net {
    cv::Size size;        ///< nodes
    cv::Matx23f to_node;  ///< from a cell's column and row
    float reach = 0;  ///< nodes from the edge over which it falls to about 1/e; 0: it does not fall
  };

  /// `values` has one for each cell of `runs`. `gain`, 0 to 1: how much of a change is taken over
  /// when this was fitted to the frame before.
  void fit(const Net& net, std::span<const CellRun> runs, std::span<const std::int16_t> values,
           float gain);
  /// Adds the surface to `values`, one for each of the cells that it was fitted to.
  void add_to(std::span<const CellRun> runs, std::span<std::int16_t> values) const;

 private:
  struct Node {
    float sum = 0;
    float weight = 0;    // of the cells around it
    bool fixed = false;  // by the cells at the edge
    bool known = false;  // from the frame before
  };
  void relax(int sweeps, float reach);

  cv::Matx23f to_node_;
  std::vector<Node> nodes_;
  cv::Mat surface_;  // CV_32FC1, of the nodes
  cv::Rect used_;    // nodes
};

}  // namespace faceperturb
