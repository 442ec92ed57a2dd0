// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "faces/face.h"
#include "frame/cells.h"

namespace faceperturb {

/// Parts of a face, as a set of bits. The empty set stands for `head`: nothing chosen must not mean
/// nothing protected.
enum class Regions : std::uint32_t {
  eyes = 1,  ///< both eyes with their brows
  nose = 2,
  mouth = 4,
  face = 8,   ///< the hull of all landmarks and the forehead
  head = 16,  ///< the detector's box with a margin: hair, ears and chin
};

constexpr Regions operator|(Regions a, Regions b) {
  return static_cast<Regions>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}
constexpr bool has(Regions set, Regions part) {
  return (static_cast<std::uint32_t>(set) & static_cast<std::uint32_t>(part)) != 0;
}

struct RegionInfo {
  Regions region;
  std::string_view name;
  std::string_view description;
};

/// Every region; options, documentation and tests are driven by it.
std::span<const RegionInfo> region_table();

struct Outline;
struct RasterMemory;
class OutlineKeeper;

/// Turns the faces of one frame into disjoint sets of cells: a cell that one face has is not given
/// to another. Memory is kept from frame to frame.
class RegionMapper {
 public:
  RegionMapper();
  ~RegionMapper();

  /// Forgets the faces of the frame before.
  void start_frame(const CellGrid& grid);

  /// The cells of `face`, row by row: those that `regions` touches, and of a track (Face::id) some
  /// around them, so that they stay the same while only landmarks jitter. If they hold fewer than
  /// `pixels` pixels the area grows outwards, nearest cells first, until it holds them or the frame
  /// has no more; a way beyond the outline of the whole face counts four times. The result is valid
  /// until the next call.
  std::span<Cell> add(const Face& face, Regions regions, int pixels);

 private:
  void grow(const std::vector<Outline>& outlines, const std::vector<Outline>& whole,
            std::size_t count);
  bool take(Cell cell);

  std::unique_ptr<OutlineKeeper> keeper_;
  std::unique_ptr<RasterMemory> raster_;
  CellGrid grid_;
  std::vector<std::uint8_t> taken_;  // by CellGrid::index
  std::vector<Cell> taken_cells_;    // what to clear for the next frame
  std::vector<Cell> cells_;          // of the last face
  // Cells that the area may grow to, row by row, and how far they are.
  std::vector<Cell> candidates_;
  std::vector<float> distances_;
  std::vector<float> order_;
  std::vector<Cell> grown_;
};

}  // namespace faceperturb
