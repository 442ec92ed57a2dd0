// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perturb/layers.h"

#include <algorithm>

#include "frame/sample.h"

namespace faceperturb {
namespace {

constexpr std::array red_green_blue{0.299F, 0.587F, 0.114F};  // ITU-R BT.601
constexpr std::array all_channels{1.F, 1.F, 1.F};
constexpr std::array first_channel{1.F, 0.F, 0.F};

// V less U; of those that are equal, the sum: it must not be left to chance where they are.
constexpr float tie = 1 / 128.F;
constexpr std::array red_less_blue{0.F, -0.5F + tie, 0.5F + tie};
constexpr std::array red_not_blue{0.F, -1.F, 1.F};

// A sample of a plane's cells: one of each unit.
struct CellSamples {
  PlaneCells cells;
  std::ptrdiff_t unit_bytes = 0;
  int offset = 0;    // from a unit's start
  float weight = 0;  // of a sample

  const std::uint8_t* begin(Cell cell) const { return cells.begin(cell) + offset; }
};

// Those of a layer: a unit has up to four samples.
class LayerSamples {
 public:
  LayerSamples(const Frame& frame, const Layer& layer, Cell one,
               const std::array<float, 3>& weights, float most) {
    for (int p = layer.planes.first; p < layer.planes.end; ++p) {
      const PlaneFormat& plane = frame.format->planes[static_cast<std::size_t>(p)];
      for (const SampleFormat& sample : plane.colour()) {
        const PlaneCells cells(frame, layer.grid, p, one);
        const auto same =
            std::ranges::count(plane.colour(), sample.channel, &SampleFormat::channel);
        const float weight =
            most * weights[sample.channel] /
            static_cast<float>(frame.format->sample_max() * cells.width * cells.height * same);
        if (weight != 0) samples_[count_++] = {cells, plane.unit_bytes, sample.offset, weight};
      }
    }
  }

  auto begin() const { return samples_.begin(); }
  auto end() const { return samples_.begin() + static_cast<std::ptrdiff_t>(count_); }

 private:
  std::array<CellSamples, 12> samples_{};
  std::size_t count_ = 0;
};

// Adds the samples of cells side by side. Of ten bits in two bytes the others do not count,
// whatever they hold: a frame need not be what it should.
void add_samples(const CellSamples& sample, Cell first, int count, const FormatInfo& format,
                 float* sums) {
  const int bytes = format.sample_bytes, shift = format.sample_shift, mask = format.sample_max();
  const PlaneCells& cells = sample.cells;
  const std::uint8_t* at = sample.begin(first);
  const float weight = sample.weight;
  if (bytes * cells.width * cells.height == 1) {  // the most common, the most cells
    const std::ptrdiff_t step = cells.column_bytes;
    if (step == 1)
      for (int i = 0; i < count; ++i) sums[i] += weight * static_cast<float>(at[i]);
    else
      for (int i = 0; i < count; ++i) sums[i] += weight * static_cast<float>(at[i * step]);
    return;
  }
  for (int i = 0; i < count; ++i, at += cells.column_bytes) {
    int sum = 0;
    for (int y = 0; y < cells.height; ++y) {
      const std::uint8_t* unit = at + y * cells.stride;
      for (int x = 0; x < cells.width; ++x, unit += sample.unit_bytes)
        sum += (bytes == 2 ? unit[0] | unit[1] << 8 : unit[0]) >> shift & mask;
    }
    sums[i] += weight * static_cast<float>(sum);
  }
}

}  // namespace

Layers::Layers(const FaceCells& face) {
  const FormatInfo& format = *face.frame.format;
  const bool divides =
      face.grid.cell_width % face.cell_size == 0 && face.grid.cell_height % face.cell_size == 0;
  const auto& weights = format.colour == ColourModel::rgb ? red_green_blue : first_channel;
  const auto& inverse = format.colour == ColourModel::rgb ? all_channels : first_channel;
  if (format.plane_count == 1 || !divides) {
    add({{0, format.plane_count}, face.grid, FaceTemplate::luma, weights, 0, inverse});
    return;
  }
  add({{0, 1},
       CellGrid(face.frame, face.cell_size, face.cell_size),
       FaceTemplate::luma,
       first_channel,
       0,
       first_channel});
  for (int p = 1; p < format.plane_count; ++p) {
    const PlaneFormat& plane = format.planes[static_cast<std::size_t>(p)];
    Layer layer{{p, p + 1},    face.grid,  FaceTemplate::warmth,
                red_less_blue, 0.5F - tie, red_not_blue};
    if (plane.sample_count == 1) {
      const bool is_blue = plane.samples[0].channel == 1;
      layer.tone = is_blue ? FaceTemplate::blue : FaceTemplate::red;
      layer.weights = is_blue ? std::array{0.F, 1.F, 0.F} : std::array{0.F, 0.F, 1.F};
      layer.inverse = layer.weights;
      layer.offset = 0;
    }
    add(layer);
  }
}

std::array<std::size_t, 4> layer_runs(const FaceCells& face, const Layer& layer,
                                      std::span<const CellRun> face_runs,
                                      std::vector<CellRun>& runs) {
  return finer_runs(face_runs, layer.grid, face.grid.cell_width / layer.grid.cell_width,
                    face.grid.cell_height / layer.grid.cell_height, runs);
}

void read_values(const Frame& frame, const Layer& layer, std::span<const CellRun> runs, int most,
                 std::span<std::uint16_t> values) {
  const LayerSamples samples(frame, layer, runs.front().first, layer.weights,
                             static_cast<float>(most));
  const float offset = layer.offset * static_cast<float>(most) + 0.5F;
  std::array<float, 256> sums;
  std::uint16_t* out = values.data();
  for (const CellRun& run : runs) {
    for (int begin = 0; begin < run.count;) {
      const int count = std::min(run.count - begin, static_cast<int>(sums.size()));
      const Cell first{static_cast<std::uint16_t>(run.first.column + begin), run.first.row};
      std::fill_n(sums.begin(), count, offset);
      for (const CellSamples& sample : samples)
        add_samples(sample, first, count, *frame.format, sums.data());
      for (int i = 0; i < count; ++i)
        *out++ = static_cast<std::uint16_t>(static_cast<int>(sums[i]));
      begin += count;
    }
  }
}

void raise_values(const Frame& frame, const Layer& layer, std::span<const CellRun> runs, int most,
                  std::span<const float> amounts) {
  const SampleCodec codec(*frame.format);
  for (int p = layer.planes.first; p < layer.planes.end; ++p) {
    const PlaneFormat& format = frame.format->planes[static_cast<std::size_t>(p)];
    const PlaneCells cells(frame, layer.grid, p, runs.front().first);
    for (const SampleFormat& sample : format.colour()) {
      const float share = layer.inverse[sample.channel] / static_cast<float>(most);
      if (share == 0) continue;
      const float* amount = amounts.data();
      for (const CellRun& run : runs) {
        std::uint8_t* cell = cells.begin(run.first) + sample.offset;
        for (int i = 0; i < run.count; ++i, ++amount, cell += cells.column_bytes) {
          for (int y = 0; y < cells.height; ++y) {
            std::uint8_t* at = cell + y * cells.stride;
            for (int x = 0; x < cells.width; ++x, at += format.unit_bytes)
              codec.write(at, codec.read(at) + share * *amount);
          }
        }
      }
    }
  }
}

}  // namespace faceperturb
