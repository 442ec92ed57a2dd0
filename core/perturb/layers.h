// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "frame/runs.h"
#include "perturb/face_template.h"
#include "perturb/methods.h"

namespace faceperturb {

/// A run of planes.
struct Planes {
  int first;
  int end;
};

/// Planes whose cells `average` moves together, and what it sorts them by.
struct Layer {
  Planes planes;
  CellGrid grid;
  FaceTemplate::Tone tone;
  std::array<float, 3> weights;  ///< of the channels
  float offset;                  ///< that makes the weighted sum of samples of 0..1 one of 0..1
  std::array<float, 3> inverse;  ///< what raises that sum by 1 when it is added to the channels
};

/// One to three layers.
class Layers {
 public:
  /// Where luma has a plane of its own and `cell_size` divides the cells, luma is a layer in cells
  /// of that size, and so is every plane of chroma in the face's cells; otherwise there is one.
  explicit Layers(const FaceCells& face);

  auto begin() const { return layers_.begin(); }
  auto end() const { return layers_.begin() + count_; }

 private:
  void add(const Layer& layer) { layers_[static_cast<std::size_t>(count_++)] = layer; }

  std::array<Layer, 3> layers_{};
  int count_ = 0;
};

/// The layer's cells in the place of the face's, given as runs, and where each shape's end.
std::array<std::size_t, 4> layer_runs(const FaceCells& face, const Layer& layer,
                                      std::span<const CellRun> face_runs,
                                      std::vector<CellRun>& runs);

/// The weighted sum of each cell's mean samples, 0 to `most`; all cells have one shape.
void read_values(const Frame& frame, const Layer& layer, std::span<const CellRun> runs, int most,
                 std::span<std::uint16_t> values);

/// Raises each cell's value by `amounts` / `most`, as far as samples go; likewise.
void raise_values(const Frame& frame, const Layer& layer, std::span<const CellRun> runs, int most,
                  std::span<const float> amounts);

}  // namespace faceperturb
