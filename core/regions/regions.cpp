// SPDX-License-Identifier: LGPL-2.1-or-later
#include "regions/regions.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>
#include <opencv2/imgproc.hpp>

#include "regions/outline_keeper.h"

namespace faceperturb {

struct RasterMemory {
  std::vector<std::uint8_t> dots;
  std::vector<cv::Point> points;
};

namespace {

constexpr std::array table{
    RegionInfo{Regions::eyes, "eyes", "Eyes and brows"},
    RegionInfo{Regions::nose, "nose", "Nose"},
    RegionInfo{Regions::mouth, "mouth", "Mouth"},
    RegionInfo{Regions::face, "face", "Whole face with the forehead"},
    RegionInfo{Regions::head, "head", "Face box with a margin for hair and ears"},
};

// What growing beyond the whole face's outline costs, on top of the way: there is background, which
// shows nobody and makes specks in a face.
constexpr float cost_outside = 3;

int dot_of(const CellGrid& grid) { return std::gcd(grid.cell_width, grid.cell_height); }

// Outlines drawn on a raster of square dots, so that distances are the same in x and y whatever the
// cell's shape. A cell is a whole number of dots.
class Raster {
 public:
  // Covers the outlines and `reach` luma pixels around them, as far as the grid goes. One raster at
  // a time uses the memory.
  Raster(const CellGrid& grid, const std::vector<Outline>& outlines, float reach,
         RasterMemory& memory)
      : memory_(memory),
        dot_(dot_of(grid)),
        across_(grid.cell_width / dot_),
        down_(grid.cell_height / dot_) {
    float left = std::numeric_limits<float>::max(), top = left;
    float right = std::numeric_limits<float>::lowest(), bottom = right;
    for (const auto& outline : outlines) {
      for (const auto& p : outline.points) {
        left = std::min(left, p.x - outline.margin);
        top = std::min(top, p.y - outline.margin);
        right = std::max(right, p.x + outline.margin);
        bottom = std::max(bottom, p.y + outline.margin);
      }
    }
    const auto cell = [](float position, int size, int count) {
      const float limit = static_cast<float>(count);
      return static_cast<int>(
          std::clamp(std::floor(position / static_cast<float>(size)), -1.F, limit));
    };
    const int first_column = std::max(0, cell(left - reach, grid.cell_width, grid.columns) - 1);
    const int first_row = std::max(0, cell(top - reach, grid.cell_height, grid.rows) - 1);
    const int last_column =
        std::min(grid.columns - 1, cell(right + reach, grid.cell_width, grid.columns) + 1);
    const int last_row =
        std::min(grid.rows - 1, cell(bottom + reach, grid.cell_height, grid.rows) + 1);
    cells_ = {first_column, first_row, std::max(0, last_column - first_column + 1),
              std::max(0, last_row - first_row + 1)};
    whole_grid_ = cells_.width == grid.columns && cells_.height == grid.rows;
    if (cells_.empty()) return;

    draw(outlines);
    nearest_ = {std::clamp(dot_at((left + right) / 2) - cells_.x * across_, 0, dots_.cols - 1),
                std::clamp(dot_at((top + bottom) / 2) - cells_.y * down_, 0, dots_.rows - 1)};
  }

  const cv::Rect& cells() const { return cells_; }
  bool whole_grid() const { return whole_grid_; }

  /// Calls `visit(cell, nearest)` for each cell with the least value of its dots in `values`.
  template <typename T, typename Visit>
  void for_each_cell(const cv::Mat& values, Visit visit) const {
    for (int row = 0; row < cells_.height; ++row) {
      for (int column = 0; column < cells_.width; ++column) {
        T least = std::numeric_limits<T>::max();
        for (int y = 0; y < down_; ++y) {
          const T* dot = values.ptr<T>(row * down_ + y) + column * across_;
          least = std::min(least, *std::min_element(dot, dot + across_));
        }
        visit(Cell{static_cast<std::uint16_t>(cells_.x + column),
                   static_cast<std::uint16_t>(cells_.y + row)},
              least);
      }
    }
  }

  const cv::Mat& dots() const { return dots_; }
  /// Draws others in place of the outlines, as far as the raster goes.
  void draw(const std::vector<Outline>& outlines) {
    const cv::Size size(cells_.width * across_, cells_.height * down_);
    // 0 marks the region: distanceTransform measures to the nearest zero
    memory_.dots.assign(static_cast<std::size_t>(size.area()), 255);
    dots_ = cv::Mat(size, CV_8UC1, memory_.dots.data());
    for (const auto& outline : outlines) draw(outline);
  }
  /// Distance to what is drawn in luma pixels, 0 inside it.
  cv::Mat distances() {
    // A region that lies wholly beside the frame is as far as its nearest place at the edge.
    if (cv::countNonZero(dots_) == static_cast<int>(dots_.total()))
      dots_.at<std::uint8_t>(nearest_) = 0;
    cv::Mat result;
    cv::distanceTransform(dots_, result, cv::DIST_L2, cv::DIST_MASK_5);
    return result * dot_;
  }

 private:
  int dot_at(float pixel) const {
    return static_cast<int>(std::clamp(pixel / static_cast<float>(dot_), -1e6F, 1e6F));
  }

  void draw(const Outline& outline) {
    constexpr int shift = 4;  // fractional bits of the coordinates
    const auto fixed = [&](float pixel, int origin) {
      const float dot =
          (pixel + 0.5F) / static_cast<float>(dot_) - 0.5F - static_cast<float>(origin);
      return static_cast<int>(std::lround(std::clamp(dot, -30000.F, 30000.F) * (1 << shift)));
    };
    auto& points = memory_.points;
    points.clear();
    for (const auto& p : outline.points)
      points.emplace_back(fixed(p.x, cells_.x * across_), fixed(p.y, cells_.y * down_));
    cv::fillConvexPoly(dots_, points, 0, cv::LINE_8, shift);
    // At least the dots that the outline itself runs through.
    const float width = std::ceil(2 * outline.margin / static_cast<float>(dot_)) + 1;
    const int thickness = width < 32000 ? static_cast<int>(width) : 32000;  // OpenCV's limit
    cv::polylines(dots_, points, true, 0, thickness, cv::LINE_8, shift);
  }

  RasterMemory& memory_;
  int dot_;     // luma pixels
  int across_;  // dots in a cell
  int down_;
  cv::Rect cells_;
  bool whole_grid_ = false;
  cv::Mat dots_;
  cv::Point nearest_;  // the dot nearest to the middle of all outlines
};

}  // namespace

std::span<const RegionInfo> region_table() { return table; }

RegionMapper::RegionMapper()
    : keeper_(std::make_unique<OutlineKeeper>()), raster_(std::make_unique<RasterMemory>()) {}
RegionMapper::~RegionMapper() = default;

void RegionMapper::start_frame(const CellGrid& grid) {
  const auto size = static_cast<std::size_t>(grid.columns) * static_cast<std::size_t>(grid.rows);
  for (const Cell cell : taken_cells_) taken_[grid_.index(cell)] = 0;
  taken_cells_.clear();
  taken_.resize(size, 0);
  grid_ = grid;
  keeper_->start_frame();
}

bool RegionMapper::take(Cell cell) {
  auto& taken = taken_[grid_.index(cell)];
  if (taken) return false;
  taken = 1;
  taken_cells_.push_back(cell);
  return true;
}

std::span<Cell> RegionMapper::add(const Face& face, Regions regions, int pixels) {
  cells_.clear();
  DrawnOutlines& drawn = keeper_->outlines(face, regions, dot_of(grid_));
  if (drawn.outlines.empty()) return {};

  if (drawn.grid != grid_) {
    drawn.grid = grid_;
    drawn.cells.clear();
    const Raster raster(grid_, drawn.outlines, 0, *raster_);
    if (!raster.cells().empty()) {
      raster.for_each_cell<std::uint8_t>(raster.dots(), [&](Cell cell, std::uint8_t outside) {
        if (!outside) drawn.cells.push_back(cell);
      });
    }
  }
  std::ranges::copy_if(drawn.cells, std::back_inserter(cells_),
                       [&](Cell cell) { return take(cell); });
  const std::size_t count = cells_for(grid_, pixels);
  if (count > cells_.size()) {
    const std::vector<Outline> own = drawn.outlines;  // for the next call
    const Regions whole = has(regions, Regions::head) ? Regions::head : Regions::face;
    grow(own, keeper_->outlines(face, whole, dot_of(grid_)).outlines, count);
  }
  return cells_;
}

void RegionMapper::grow(const std::vector<Outline>& outlines, const std::vector<Outline>& whole,
                        std::size_t count) {
  const std::size_t missing = count - cells_.size();
  float reach =
      std::sqrt(static_cast<float>(count) * static_cast<float>(grid_.pixels_per_cell())) / 2;
  for (;; reach *= 2) {
    Raster raster(grid_, outlines, reach, *raster_);
    candidates_.clear();
    distances_.clear();
    if (!raster.cells().empty()) {
      cv::Mat ways = raster.distances();
      raster.draw(whole);
      cv::scaleAdd(raster.distances(), cost_outside, ways, ways);
      raster.for_each_cell<float>(ways, [&](Cell cell, float distance) {
        // Beyond the reach the raster does not hold every cell of a distance.
        if ((distance <= reach || raster.whole_grid()) && !taken_[grid_.index(cell)]) {
          candidates_.push_back(cell);
          distances_.push_back(distance);
        }
      });
    }
    if (candidates_.size() >= missing || raster.whole_grid()) break;
  }
  // The nearest; of those that are as far as the last of them, the first.
  float farthest = std::numeric_limits<float>::max();
  std::size_t at_farthest = 0;
  if (candidates_.size() > missing) {
    order_ = distances_;
    const auto last = order_.begin() + static_cast<std::ptrdiff_t>(missing) - 1;
    std::ranges::nth_element(order_, last);
    farthest = *last;
    at_farthest = static_cast<std::size_t>(std::count(order_.begin(), last + 1, farthest));
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    if (distances_[i] > farthest || (distances_[i] == farthest && at_farthest == 0)) continue;
    if (distances_[i] == farthest) --at_farthest;
    take(candidates_[i]);
    candidates_[kept++] = candidates_[i];
  }
  candidates_.resize(kept);
  grown_.resize(cells_.size() + kept);
  std::ranges::merge(cells_, candidates_, grown_.begin(), [](Cell a, Cell b) {
    return a.row < b.row || (a.row == b.row && a.column < b.column);
  });
  cells_.swap(grown_);
}

}  // namespace faceperturb
