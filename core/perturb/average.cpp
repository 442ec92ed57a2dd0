// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perturb/average.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "perturb/sampling.h"

namespace faceperturb {
namespace {

constexpr int levels = 2048;  // of values: finer than any sample
constexpr int tones_per_level = FaceTemplate::one / levels;

// Of FaceTemplate::Level::part.
constexpr int within_face = FaceTemplate::one * 3 / 2;
constexpr int on_head = FaceTemplate::one / 2;
constexpr float backdrop_share = 0.2F;  // of a region's cells: from it, it reaches beyond the head
constexpr std::size_t enough_parts = 500;   // cells that tell that share
constexpr std::size_t enough_tones = 8000;  // cells that tell the template's distribution of tones

// How the average face follows a track: landmarks that jitter leave it where it is, a movement
// takes it along at this distance, so that it never jumps. Shares of the face's width.
constexpr float still = 0.03F;
constexpr float still_gain = 0.03F;                            // of the membrane meanwhile
constexpr std::array<std::size_t, 4> followed{8, 30, 36, 45};  // chin, nose and outer eye corners
constexpr float new_place = 0.5F;                              // not the same face any more
constexpr std::size_t most_tracks = 64;
constexpr std::uint64_t stale = 1000;  // calls

constexpr float mesh = 1 / 16.F;   // of the membrane's net, in face widths
constexpr float net_reach = 0.4F;  // of the net beyond the template, in face widths
// Of the seam's membrane, in face widths: what it adds further inside is the person's own light and
// shade, by which networks tell people apart (docs/evaluation.md).
constexpr float seam_reach = 0.04F;

// Of `count` cells, one in how many is looked at, so that it is `enough`: an odd number, so that
// they are not of the same columns.
std::size_t step_for(std::size_t count, std::size_t enough) {
  return count < 4 * enough ? 1 : (count / enough) | 1;
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

// Of keys that are counted.
struct Moments {
  explicit Moments(std::span<const std::uint32_t> counts) {
    double sum = 0, squares = 0, n = 0;
    for (std::size_t key = 0; key < counts.size(); ++key) {
      const auto value = static_cast<double>(key);
      n += counts[key], sum += counts[key] * value, squares += counts[key] * value * value;
    }
    mean = sum / n;
    spread = std::sqrt(std::max(0.0, squares / n - mean * mean));
  }
  double mean, spread;
};

}  // namespace

void AverageArranger::arrange(const FaceCells& face, float levelling) {
  ++calls_;
  Track& track = follow(face.face);
  find_runs(face.cells, face_runs_);
  std::size_t number = 0;
  for (const Layer& layer : Layers(face)) {
    std::size_t begin = 0;
    for (const std::size_t end : layer_runs(face, layer, face_runs_, runs_)) {
      const auto runs = std::span(runs_).subspan(begin, end - begin);
      const std::size_t count = count_cells(runs);
      if (count > 1) {
        const bool whole = layer.grid.shape(runs.front().first) == 0;
        Part part{face.frame, layer, runs, count, count, whole, face.scattered};
        arrange(part, track, number);
        if (levelling > 0) level(part, levelling);
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
  float step = 0;
  for (const std::size_t i : followed) {
    const Point was = kept(average.landmarks()[i]), is = now(average.landmarks()[i]);
    step = std::max(std::hypot(is.x - was.x, is.y - was.y), step);
  }
  step /= std::max(face.box.width, 1.F);
  if (fresh || face.id == 0 || !(step < new_place)) {
    track.gain = 1;
    kept = now;
    return track;
  }
  const float gain = std::max(0.F, 1 - still / step);
  track.gain = std::max(gain, still_gain);
  kept.a += gain * (now.a - kept.a);
  kept.b += gain * (now.b - kept.b);
  kept.x0 += gain * (now.x0 - kept.x0);
  kept.y0 += gain * (now.y0 - kept.y0);
  return track;
}

void AverageArranger::arrange(Part& part, Track& track, std::size_t number) {
  values_.resize(part.count);
  read_values(part.frame, part.layer, part.runs, levels - 1, values_);
  draw(part, track.similarity);
  const auto keys = grouped(part, values_, keys_);
  key_counts_.count(keys, part.split() ? 2 * levels : levels);
  match_tones(part);
  // Cells that the frame cuts are a line along its edge: no place for a seam.
  Membrane seam, background;
  want(part, net_of(part.layer.grid, track.similarity), part.whole ? track.gain : 1,
       part.whole ? track.seams[number] : seam,
       part.whole ? track.backgrounds[number] : background);
  const auto wishes = grouped(part, wishes_, wishes_);
  wish_counts_.count(wishes, part.split() ? 2 * levels : levels);
  mover_.permute(part.frame, part.layer, part.runs, keys, key_counts_, wishes, wish_counts_);
}

// The template's tones at the cells' places, and its parts where they are needed: where a region
// reaches beyond the head, cells within the face and the others do not mix, for what is behind a
// head would stand in its face.
void AverageArranger::draw(Part& part, const Similarity& similarity) {
  const Layer& layer = part.layer;
  const int cell = std::max(layer.grid.cell_width, layer.grid.cell_height);
  const std::size_t shrink =
      FaceTemplate::shared().level_for(similarity.scale() / static_cast<float>(cell));
  const FaceTemplate::Level& level = FaceTemplate::shared().level(shrink);
  const cv::Matx23f matrix =
      scaled(to_template(layer.grid, similarity), std::ldexp(1.F, -static_cast<int>(shrink)));

  const MapSampler parts(level.part, matrix);
  std::size_t seen = 0, beside = 0;
  for_every(step_for(part.count, enough_parts), part.runs,
            [&](std::size_t, int x, int y) { ++seen, beside += parts(x, y) < on_head; });
  if (static_cast<float>(beside) >= backdrop_share * static_cast<float>(seen)) {
    part_.resize(part.count);
    parts.read(part.runs, part_);
    part.faces = static_cast<std::size_t>(
        std::ranges::count_if(part_, [](int value) { return value > within_face; }));
  }
  template_.resize(part.count);
  const auto& maps = part.split() ? level.head : level.skin;
  MapSampler(maps[layer.tone], matrix).read(part.runs, template_);
}

// `values`, with those of cells beside the face above all others: in `keys`, if there are any.
std::span<const std::uint16_t> AverageArranger::grouped(const Part& part,
                                                        std::span<const std::uint16_t> values,
                                                        std::vector<std::uint16_t>& keys) const {
  if (!part.split()) return values;
  keys.resize(part.count);
  for (std::size_t i = 0; i < part.count; ++i)
    keys[i] = static_cast<std::uint16_t>(values[i] + (part_[i] > within_face ? 0 : levels));
  return keys;
}

// Gives each tone of the template the value of equal rank among the face's cells.
void AverageArranger::match_tones(const Part& part) {
  tone_counts_.assign(levels, 0);
  const bool split = part.split();
  std::size_t seen = 0;
  const std::size_t step = step_for(part.count, enough_tones);
  for (std::size_t i = 0; i < part.count; i += step) {
    if (split && part_[i] <= within_face) continue;
    ++tone_counts_[template_[i] / tones_per_level];
    ++seen;
  }
  tones_.assign(levels, 0);
  if (seen == 0) return;
  // Between values that occur it rises evenly: where samples are coarse, the template's order still
  // counts.
  const auto starts = key_counts_.starts();
  const float scale = static_cast<float>(part.faces) / static_cast<float>(2 * seen);
  std::uint32_t twice_rank = 0;
  std::size_t next = 0;
  float value = 0, rank = 0, next_value = 0, next_rank = 0, slope = 0;
  for (std::size_t tone = 0; tone < levels; ++tone) {
    const float middle = static_cast<float>(twice_rank + tone_counts_[tone]) * scale;
    while (middle > next_rank && next < levels) {
      const std::uint32_t count = starts[next + 1] - starts[next];
      if (count > 0) {
        value = next_value, rank = next_rank;
        next_value = static_cast<float>(next);
        next_rank = static_cast<float>(starts[next]) + static_cast<float>(count) / 2;
        if (value == 0) value = next_value;
        slope = (next_value - value) / (next_rank - rank);
      }
      ++next;
    }
    tones_[tone] = static_cast<std::int16_t>(std::min(next_value, value + slope * (middle - rank)));
    twice_rank += 2 * tone_counts_[tone];
  }
}

// What value would look right in each place.
void AverageArranger::want(const Part& part, const Membrane::Net& net, float gain, Membrane& seam,
                           Membrane& background) {
  const std::size_t n = part.count;
  wanted_.resize(n);
  scratch_.resize(n);
  for (std::size_t i = 0; i < n; ++i) wanted_[i] = tones_[template_[i] / tones_per_level];
  // Cells far from each other have all their surroundings still: what fits these best is as it was.
  if (!part.scattered) fit_in(part, net, gain, seam, background);
  wishes_.resize(n);
  for (std::size_t i = 0; i < n; ++i)
    wishes_[i] = static_cast<std::uint16_t>(
        std::clamp<std::int16_t>(wanted_[i], 0, static_cast<std::int16_t>(levels - 1)));
}

// Makes what is wanted meet its surroundings.
void AverageArranger::fit_in(const Part& part, const Membrane::Net& net, float gain, Membrane& seam,
                             Membrane& background) {
  const std::size_t n = part.count;
  // Beside the face, hair and neck in the same tones, before what surrounds the region.
  if (part.split()) {
    std::ranges::copy(values_, scratch_.begin());
    background.fit(net, part.runs, scratch_, gain);
    std::ranges::fill(scratch_, std::int16_t{0});
    background.add_to(part.runs, scratch_);
    for (std::size_t i = 0; i < n; ++i) {
      if (part_[i] > within_face) continue;
      const int head = part.faces > 0 ? std::min<int>(part_[i], FaceTemplate::one) : 0;
      wanted_[i] = static_cast<std::int16_t>(
          (head * wanted_[i] + (FaceTemplate::one - head) * scratch_[i]) / FaceTemplate::one);
    }
  }
  for (std::size_t i = 0; i < n; ++i)
    scratch_[i] = static_cast<std::int16_t>(values_[i] - wanted_[i]);
  Membrane::Net edge = net;
  // Hair and backdrop hide the person's light by themselves: there it may go on.
  if (!part.split()) edge.reach = seam_reach / mesh;
  seam.fit(edge, part.runs, scratch_, gain);
  seam.add_to(part.runs, wanted_);
}

// Gives the cells the template's distribution of tones, with the mean and the spread of their own:
// what it was in detail tells people apart who were seen in one light.
void AverageArranger::level(const Part& part, float share) {
  const auto starts = key_counts_.starts();
  value_counts_.assign(levels, 0);
  for (std::size_t key = 0; key + 1 < starts.size(); ++key)
    value_counts_[key % levels] += starts[key + 1] - starts[key];
  tone_counts_.assign(levels, 0);
  for (const std::uint16_t tone : template_) ++tone_counts_[tone / tones_per_level];
  const Moments own(value_counts_), average(tone_counts_);
  const double scale = own.spread / std::max(average.spread, 1e-3);
  raise_.assign(levels, 0);
  std::size_t rank = 0, tone = 0, to = tone_counts_[0];
  for (std::size_t value = 0; value < levels; ++value) {
    if (value_counts_[value] == 0) continue;
    while (to <= rank + value_counts_[value] / 2) to += tone_counts_[++tone];
    const double wanted = own.mean + scale * (static_cast<double>(tone) - average.mean);
    raise_[value] = share * static_cast<float>(wanted - static_cast<double>(value));
    rank += value_counts_[value];
  }
  // What stands in each place now.
  for (std::size_t key = 0; key + 1 < starts.size(); ++key)
    std::fill(scratch_.begin() + starts[key], scratch_.begin() + starts[key + 1],
              static_cast<std::int16_t>(key % levels));
  const auto wishes = std::span<const std::uint16_t>(wishes_);
  tone_counts_.assign(wish_counts_.starts().begin(), wish_counts_.starts().end());
  amounts_.resize(part.count);
  for (std::size_t i = 0; i < part.count; ++i)
    amounts_[i] = raise_[static_cast<std::size_t>(scratch_[tone_counts_[wishes[i]]++])];
  raise_values(part.frame, part.layer, part.runs, levels - 1, amounts_);
}

}  // namespace faceperturb
