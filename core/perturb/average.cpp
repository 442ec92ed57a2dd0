// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perturb/average.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <opencv2/imgproc.hpp>

namespace faceperturb {
namespace {

constexpr int levels = 4096;  // that values are sorted by: finer than any sample

// Of FaceTemplate::Level::part.
constexpr float within_face = 1.5F;
constexpr float on_head = 0.5F;
constexpr float backdrop_share = 0.2F;  // of a region's cells: above it reaches beyond the head

// How the average face follows a track: landmarks that jitter are damped, a real movement is
// followed at once. Steps are shares of the face's width.
constexpr float least_gain = 0.12F;
constexpr float full_step = 0.06F;
constexpr float new_place = 0.5F;  // not the same face any more
constexpr std::size_t most_tracks = 64;
constexpr std::uint64_t stale = 1000;  // calls

constexpr float mesh = 1 / 16.F;   // of the membrane's net, in face widths
constexpr float net_reach = 0.4F;  // of the net beyond the template, in face widths

std::uint16_t key(float value) {
  return static_cast<std::uint16_t>(std::clamp(value, 0.F, 1.F) * (levels - 1));
}

// Carries a cell's column and row to the place of its middle in the template.
cv::Matx23f to_template(const CellGrid& grid, const Similarity& similarity) {
  const Similarity back = inverse(similarity);
  const auto width = static_cast<float>(grid.cell_width);
  const auto height = static_cast<float>(grid.cell_height);
  const Point first = back(Point{(width - 1) / 2, (height - 1) / 2});
  return {back.a * width, -back.b * height, first.x, back.b * width, back.a * height, first.y};
}

cv::Matx23f scaled(cv::Matx23f matrix, float scale, float offset = 0) {
  matrix *= scale;
  matrix(0, 2) += offset;
  matrix(1, 2) += offset;
  return matrix;
}

Membrane::Net net_of(const CellGrid& grid, const Similarity& similarity) {
  const FaceTemplate& face = FaceTemplate::shared();
  const float node = mesh * face.face_width();
  const auto count = [&](int size) {
    return static_cast<int>((static_cast<float>(size) + 2 * net_reach * face.face_width()) / node);
  };
  return {{count(face.size().width), count(face.size().height)},
          scaled(to_template(grid, similarity), 1 / node, net_reach / mesh)};
}

}  // namespace

void AverageArranger::arrange(const FaceCells& face) {
  ++calls_;
  Track& track = follow(face.face);
  std::size_t number = 0;
  for (const Layer& layer : Layers(face)) {
    std::size_t begin = 0;
    for (const std::size_t end : layer_cells(face, layer, cells_)) {
      if (end > begin + 1)
        arrange(face.frame, layer, std::span(cells_).subspan(begin, end - begin), track, number);
      begin = end;
    }
    ++number;
  }
}

AverageArranger::Track& AverageArranger::follow(const Face& face) {
  const FaceTemplate& average = FaceTemplate::shared();
  const Similarity now = align(average.landmarks(), face);
  if (tracks_.size() > most_tracks)
    std::erase_if(tracks_, [&](const auto& t) { return t.second.used + stale < calls_; });
  const auto [found, fresh] = tracks_.try_emplace(face.id);
  Track& track = found->second;
  track.used = calls_;
  Similarity& kept = track.similarity;
  const Point middle = average.landmarks()[30];
  const Point was = kept(middle), is = now(middle);
  const float step = std::hypot(is.x - was.x, is.y - was.y) / std::max(face.box.width, 1.F);
  if (fresh || face.id == 0 || !(step < new_place)) {
    track.gain = 1;
    kept = now;
    return track;
  }
  track.gain = std::clamp(step / full_step, least_gain, 0.99F);
  kept.a += track.gain * (now.a - kept.a);
  kept.b += track.gain * (now.b - kept.b);
  kept.x0 += track.gain * (now.x0 - kept.x0);
  kept.y0 += track.gain * (now.y0 - kept.y0);
  return track;
}

void AverageArranger::arrange(const Frame& frame, const Layer& layer, std::span<const Cell> cells,
                              Track& track, std::size_t number) {
  const std::size_t n = cells.size();
  values_.resize(n);
  read_values(frame, layer, cells, values_);
  const std::size_t faces = draw(layer, cells, track.similarity);
  sort(values_, 0, faces, cell_order_);
  sort(values_, faces, n, cell_order_);
  // Cells that the frame cuts are a line along its edge: no place for a seam.
  const bool whole = layer.grid.shape(cells.front()) == 0;
  Membrane seam, background;
  want(cells, faces, net_of(layer.grid, track.similarity), whole ? track.gain : 1,
       whole ? track.seams[number] : seam, whole ? track.backgrounds[number] : background);
  sort(wanted_, 0, faces, place_order_);
  sort(wanted_, faces, n, place_order_);
  from_.resize(n);
  for (std::size_t k = 0; k < n; ++k) from_[place_order_[k]] = cell_order_[k];
  mover_.permute(frame, layer.grid, layer.planes, cells, from_);
}

// The template's tones and parts at the cells' places; the result is split()'s.
std::size_t AverageArranger::draw(const Layer& layer, std::span<const Cell> cells,
                                  const Similarity& similarity) {
  const auto [left, right] = std::ranges::minmax(cells, {}, &Cell::column);
  const auto [top, bottom] = std::ranges::minmax(cells, {}, &Cell::row);
  const int cell = std::max(layer.grid.cell_width, layer.grid.cell_height);
  const std::size_t n =
      FaceTemplate::shared().level_for(similarity.scale() / static_cast<float>(cell));
  cv::Matx23f matrix =
      scaled(to_template(layer.grid, similarity), std::ldexp(1.F, -static_cast<int>(n)));
  const cv::Vec2f first = matrix * cv::Vec3f(left.column, top.row, 1);
  matrix(0, 2) = first[0];
  matrix(1, 2) = first[1];
  const cv::Size size(right.column - left.column + 1, bottom.row - top.row + 1);
  const auto map = [&](const cv::Mat& from, std::vector<float>& out) {
    cv::warpAffine(from, drawn_, matrix, size, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                   cv::BORDER_REPLICATE);
    out.resize(cells.size());
    for (std::size_t i = 0; i < cells.size(); ++i)
      out[i] = drawn_.ptr<float>(cells[i].row - top.row)[cells[i].column - left.column];
  };
  const FaceTemplate::Level& level = FaceTemplate::shared().level(n);
  map(level.part, part_);
  const std::size_t faces = split(cells.size());
  map(faces < cells.size() ? level.head[layer.tone] : level.skin[layer.tone], template_);
  return faces;
}

// All indices, or, where the region reaches beyond the head, those of the cells within the average
// face before the others; returns how many come first. The two do not mix: what is behind a head
// would stand in its face.
std::size_t AverageArranger::split(std::size_t count) {
  group_.resize(count);
  std::iota(group_.begin(), group_.end(), 0U);
  const auto beside = std::ranges::count_if(part_, [](float part) { return part < on_head; });
  if (static_cast<float>(beside) < backdrop_share * static_cast<float>(count)) return count;
  const auto rest = std::ranges::stable_partition(
      group_, [&](std::uint32_t i) { return part_[i] > within_face; });
  return count - rest.size();
}

// Sorts a part of the group by `values`, rising, into the same part of `order`; equal ones keep
// their order.
void AverageArranger::sort(std::span<const float> values, std::size_t begin, std::size_t end,
                           std::vector<std::uint32_t>& order) {
  keys_.resize(values.size());
  order.resize(group_.size());
  counts_.assign(levels + 1, 0);
  for (std::size_t k = begin; k < end; ++k) ++counts_[(keys_[k] = key(values[group_[k]])) + 1U];
  std::partial_sum(counts_.begin(), counts_.end(), counts_.begin());
  for (std::size_t k = begin; k < end; ++k) order[begin + counts_[keys_[k]]++] = group_[k];
}

// What value would look right in each place.
void AverageArranger::want(std::span<const Cell> cells, std::size_t faces, const Membrane::Net& net,
                           float gain, Membrane& seam, Membrane& background) {
  const std::size_t n = cells.size();
  wanted_.resize(n);
  scratch_.resize(n);
  // In the face, the template with the tones of the cells.
  sort(template_, 0, faces, place_order_);
  tones_.clear();
  for (std::size_t k = 0; k < faces; ++k) {
    const std::uint32_t place = place_order_[k];
    wanted_[place] = values_[cell_order_[k]];
    if (faces < n) tones_.resize(key(template_[place]) + 1U, wanted_[place]);
  }
  // Beside it, hair and neck in the same tones, before what surrounds the region.
  if (faces < n) {
    std::ranges::fill(scratch_, 0.F);
    background.fit(net, cells, values_, gain);
    background.add_to(cells, scratch_);
    for (std::size_t k = faces; k < n; ++k) {
      const std::uint32_t place = group_[k];
      const float head = tones_.empty() ? 0 : std::clamp(part_[place], 0.F, 1.F);
      wanted_[place] = (1 - head) * scratch_[place];
      if (head > 0)
        wanted_[place] +=
            head * tones_[std::min<std::size_t>(key(template_[place]), tones_.size() - 1)];
    }
  }
  for (std::size_t i = 0; i < n; ++i) scratch_[i] = values_[i] - wanted_[i];
  seam.fit(net, cells, scratch_, gain);
  seam.add_to(cells, wanted_);
}

}  // namespace faceperturb
