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
#include "perturb/rank_mover.h"

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

  /// One shape of one layer, and what was found out about it.
  struct Part {
    const Frame& frame;
    const Layer& layer;
    std::span<const CellRun> runs;
    std::size_t count;  // of cells
    std::size_t faces;  // of them that lie within the average face
    bool whole;         // cells that the frame does not cut
    bool scattered;     // FaceCells::scattered

    bool split() const { return faces < count; }
  };

  Track& follow(const Face& face);
  void arrange(Part& part, Track& track, std::size_t number);
  void level(const Part& part, float share);
  void draw(Part& part, const Similarity& similarity);
  void match_tones(const Part& part);
  void want(const Part& part, const Membrane::Net& net, float gain, Membrane& seam,
            Membrane& background);
  void fit_in(const Part& part, const Membrane::Net& net, float gain, Membrane& seam,
              Membrane& background);
  std::span<const std::uint16_t> grouped(const Part& part, std::span<const std::uint16_t> values,
                                         std::vector<std::uint16_t>& keys) const;

  std::unordered_map<std::uint32_t, Track> tracks_;
  std::uint64_t calls_ = 0;

  RankMover mover_;
  std::vector<CellRun> face_runs_;
  std::vector<CellRun> runs_;
  // One for each cell, and its place. Values are 0..levels-1.
  std::vector<std::uint16_t> values_;
  std::vector<std::uint16_t> template_;  // FaceTemplate's tones
  std::vector<std::uint16_t> part_;      // FaceTemplate::Level::part
  std::vector<std::int16_t> wanted_;
  std::vector<std::int16_t> scratch_;
  std::vector<std::uint16_t> keys_;    // values_; beside the face, levels more
  std::vector<std::uint16_t> wishes_;  // wanted_, likewise
  std::vector<float> amounts_;
  KeyCounts key_counts_;
  KeyCounts wish_counts_;
  std::vector<std::uint32_t> tone_counts_;
  std::vector<std::uint32_t> value_counts_;
  std::vector<std::int16_t> tones_;  // values of the face, by the template's
  std::vector<float> raise_;         // what levelling adds, by value
};

}  // namespace faceperturb
