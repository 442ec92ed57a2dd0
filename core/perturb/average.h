// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <opencv2/core.hpp>
#include <unordered_map>
#include <vector>

#include "faces/alignment.h"
#include "perturb/layers.h"
#include "perturb/membrane.h"

namespace faceperturb {

/// The `average` arrangement: sorts a face's cells by brightness, its places by the brightness that
/// the average face has there, and puts the k-th darkest cell into the k-th darkest place. The
/// average face is laid on by a similarity, so the person's own geometry does not matter, and a
/// membrane is added to it, so that it meets the region's surroundings.
///
/// Where luma has a plane of its own, each plane is arranged by itself and luma in cells as asked
/// for: every plane keeps its samples, and no noise of one is carried into another. Otherwise whole
/// cells move.
///
/// Keeps where it laid the average face of each track, so that it moves smoothly. O(n); memory is
/// kept from frame to frame.
class AverageArranger {
 public:
  /// `levelling`, 0 to 1: how far tones are drawn to the average face's, once they are arranged.
  void arrange(const FaceCells& face, float levelling = 0);

 private:
  struct Track {
    Similarity similarity;          // template to frame
    float gain = 1;                 // of what is new in this frame
    std::uint64_t used = 0;         // the call that used it last
    std::array<Membrane, 3> seams;  // of the layers
    std::array<Membrane, 3> backgrounds;
  };

  Track& follow(const Face& face);
  void arrange(const Frame& frame, const Layer& layer, std::span<const Cell> cells, Track& track,
               std::size_t number);
  void level(const Frame& frame, const Layer& layer, std::span<const Cell> cells, float share);
  std::size_t draw(const Layer& layer, std::span<const Cell> cells, const Similarity& similarity);
  std::size_t split(std::size_t count);
  void sort(std::span<const float> values, std::size_t begin, std::size_t end,
            std::vector<std::uint32_t>& order);
  void want(std::span<const Cell> cells, std::size_t faces, const Membrane::Net& net, float gain,
            Membrane& seam, Membrane& background);

  std::unordered_map<std::uint32_t, Track> tracks_;
  std::uint64_t calls_ = 0;

  CellMover mover_;
  // One for each cell, and its place.
  std::vector<Cell> cells_;
  std::vector<float> values_;    // 0..1
  std::vector<float> template_;  // 0..1
  std::vector<float> part_;      // FaceTemplate::Level::part
  std::vector<float> wanted_;
  std::vector<float> scratch_;
  std::vector<std::uint16_t> keys_;
  std::vector<std::uint32_t> group_;
  std::vector<std::uint32_t> cell_order_;
  std::vector<std::uint32_t> place_order_;
  std::vector<std::uint32_t> from_;
  std::vector<std::uint32_t> counts_;
  std::vector<float> tones_;  // of the face, by the template's, levels of them
};

}  // namespace faceperturb
