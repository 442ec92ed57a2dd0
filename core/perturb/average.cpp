// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perturb/average.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "perturb/sampling.h"

namespace faceperturb {
namespace {

constexpr int levels = 2048;  // that values are sorted by: finer than any sample

// Of FaceTemplate::Level::part.
constexpr float within_face = 1.5F;
constexpr float on_head = 0.5F;
constexpr float backdrop_share = 0.2F;  // of a region's cells: from it, it reaches beyond the head
constexpr std::size_t enough_parts = 500;  // cells that tell that share

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

void AverageArranger::arrange(const FaceCells& face, float levelling) {
  ++calls_;
  Track& track = follow(face.face);
  std::size_t number = 0;
  for (const Layer& layer : Layers(face)) {
    std::size_t begin = 0;
    for (const std::size_t end : layer_cells(face, layer, cells_)) {
      if (end > begin + 1) {
        const auto cells = std::span(cells_).subspan(begin, end - begin);
        arrange(face.frame, layer, cells, track, number);
        if (levelling > 0) level(face.frame, layer, cells, levelling);
      }
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
  group_.resize(n);
  std::iota(group_.begin(), group_.end(), 0U);
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

// Gives the cells the template's distribution of tones, with the mean and the spread of their own:
// what it was in detail tells people apart who were seen in one light.
void AverageArranger::level(const Frame& frame, const Layer& layer, std::span<const Cell> cells,
                            float share) {
  cv::Scalar mean, spread, template_mean, template_spread;
  cv::meanStdDev(values_, mean, spread);
  cv::meanStdDev(template_, template_mean, template_spread);
  const double scale = spread[0] / std::max(template_spread[0], 1e-6);
  wanted_ = values_;
  std::ranges::sort(wanted_);
  std::ranges::sort(template_);
  tones_.resize(levels);  // how far each is to be raised
  for (std::size_t k = 0; k < cells.size(); ++k) {
    const double tone = mean[0] + scale * (template_[k] - template_mean[0]);
    tones_[key(wanted_[k])] = static_cast<float>(tone) - wanted_[k];
  }
  for (std::size_t k = 0; k < cells.size(); ++k)
    scratch_[place_order_[k]] = share * tones_[key(values_[cell_order_[k]])];
  raise_values(frame, layer, cells, scratch_);
}

// The template's tones at the cells' places, and its parts where they are needed; the result is
// split()'s.
std::size_t AverageArranger::draw(const Layer& layer, std::span<const Cell> cells,
                                  const Similarity& similarity) {
  const std::size_t n = cells.size();
  const int cell = std::max(layer.grid.cell_width, layer.grid.cell_height);
  const std::size_t shrink =
      FaceTemplate::shared().level_for(similarity.scale() / static_cast<float>(cell));
  const FaceTemplate::Level& level = FaceTemplate::shared().level(shrink);
  const cv::Matx23f matrix =
      scaled(to_template(layer.grid, similarity), std::ldexp(1.F, -static_cast<int>(shrink)));

  std::size_t seen = 0, beside = 0;
  const std::size_t step = n < 4 * enough_parts ? 1 : (n / enough_parts) | 1;
  sample(level.part, matrix, cells, step,
         [&](std::size_t, float part) { ++seen, beside += part < on_head; });
  std::size_t faces = n;
  if (static_cast<float>(beside) >= backdrop_share * static_cast<float>(seen)) {
    part_.resize(n);
    sample(level.part, matrix, cells, 1,
           [out = part_.data()](std::size_t i, float part) { out[i] = part; });
    faces = split(n);
  }
  template_.resize(n);
  sample(faces < n ? level.head[layer.tone] : level.skin[layer.tone], matrix, cells, 1,
         [out = template_.data()](std::size_t i, float tone) { out[i] = tone; });
  return faces;
}

// Puts the cells within the average face before the others and returns how many they are. The two
// do not mix where a region reaches beyond the head: what is behind a head would stand in its face.
std::size_t AverageArranger::split(std::size_t count) {
  std::size_t front = 0, back = count;
  for (std::uint32_t i = 0; i < count; ++i) group_[part_[i] > within_face ? front++ : --back] = i;
  std::reverse(group_.begin() + static_cast<std::ptrdiff_t>(back), group_.end());
  return front;
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
  // In the face, the template with the tones of the cells: those of equal rank.
  keys_.resize(n);
  counts_.assign(levels, 0);
  for (std::size_t k = 0; k < faces; ++k) ++counts_[keys_[group_[k]] = key(template_[group_[k]])];
  tones_.resize(levels);
  std::size_t rank = 0;
  for (std::size_t tone = 0; tone < levels; ++tone) {
    const std::size_t middle = std::min(rank + counts_[tone] / 2, faces - 1);
    if (faces > 0) tones_[tone] = values_[cell_order_[middle]];
    rank += counts_[tone];
  }
  for (std::size_t k = 0; k < faces; ++k) wanted_[group_[k]] = tones_[keys_[group_[k]]];
  // Beside it, hair and neck in the same tones, before what surrounds the region.
  if (faces < n) {
    std::ranges::fill(scratch_, 0.F);
    background.fit(net, cells, values_, gain);
    background.add_to(cells, scratch_);
    for (std::size_t k = faces; k < n; ++k) {
      const std::uint32_t place = group_[k];
      const float head = faces > 0 ? std::clamp(part_[place], 0.F, 1.F) : 0;
      wanted_[place] = head * tones_[key(template_[place])] + (1 - head) * scratch_[place];
    }
  }
  for (std::size_t i = 0; i < n; ++i) scratch_[i] = values_[i] - wanted_[i];
  seam.fit(net, cells, scratch_, gain);
  seam.add_to(cells, wanted_);
}

}  // namespace faceperturb
