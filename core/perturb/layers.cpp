// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perturb/layers.h"

#include <algorithm>

namespace faceperturb {
namespace {

constexpr std::array red_green_blue{0.299F, 0.587F, 0.114F};  // ITU-R BT.601
constexpr std::array first_channel{1.F, 0.F, 0.F};

// V less U; of those that are equal, the sum: it must not be left to chance where they are.
constexpr float tie = 1 / 128.F;
constexpr std::array red_less_blue{0.F, -0.5F + tie, 0.5F + tie};

}  // namespace

Layers::Layers(const FaceCells& face) {
  const FormatInfo& format = *face.frame.format;
  const bool divides =
      face.grid.cell_width % face.cell_size == 0 && face.grid.cell_height % face.cell_size == 0;
  const auto& weights = format.colour == ColourModel::rgb ? red_green_blue : first_channel;
  if (format.plane_count == 1 || !divides) {
    add({{0, format.plane_count}, face.grid, FaceTemplate::luma, weights, 0});
    return;
  }
  add({{0, 1},
       CellGrid(face.frame, face.cell_size, face.cell_size),
       FaceTemplate::luma,
       first_channel,
       0});
  for (int p = 1; p < format.plane_count; ++p) {
    const PlaneFormat& plane = format.planes[static_cast<std::size_t>(p)];
    Layer layer{{p, p + 1}, face.grid, FaceTemplate::warmth, red_less_blue, 0.5F - tie};
    if (plane.sample_count == 1) {
      const bool is_blue = plane.samples[0].channel == 1;
      layer.tone = is_blue ? FaceTemplate::blue : FaceTemplate::red;
      layer.weights = is_blue ? std::array{0.F, 1.F, 0.F} : std::array{0.F, 0.F, 1.F};
      layer.offset = 0;
    }
    add(layer);
  }
}

std::array<std::size_t, 4> layer_cells(const FaceCells& face, const Layer& layer,
                                       std::vector<Cell>& cells) {
  const int across = face.grid.cell_width / layer.grid.cell_width;
  const int down = face.grid.cell_height / layer.grid.cell_height;
  if (across == 1 && down == 1) {
    cells.assign(face.cells.begin(), face.cells.end());
    return sort_by_shape(layer.grid, cells);
  }
  cells.clear();
  cells.reserve(face.cells.size() * static_cast<std::size_t>(across * down));
  for (const Cell cell : face.cells) {
    const int right = std::min((cell.column + 1) * across, layer.grid.columns);
    const int bottom = std::min((cell.row + 1) * down, layer.grid.rows);
    for (int y = cell.row * down; y < bottom; ++y)
      for (int x = cell.column * across; x < right; ++x)
        cells.push_back({static_cast<std::uint16_t>(x), static_cast<std::uint16_t>(y)});
  }
  return sort_by_shape(layer.grid, cells);
}

void read_values(const Frame& frame, const Layer& layer, std::span<const Cell> cells,
                 std::span<float> values) {
  const FormatInfo& format = *frame.format;
  std::ranges::fill(values, layer.offset);
  const Cell first = cells.front();
  for (int p = layer.planes.first; p < layer.planes.end; ++p) {
    const PlaneFormat& layout = format.planes[static_cast<std::size_t>(p)];
    const Plane& plane = frame.planes[static_cast<std::size_t>(p)];
    const int units_across = layer.grid.cell_width / layout.unit_width;
    const int units_down = layer.grid.cell_height / layout.unit_height;
    const int width = std::min(units_across, frame.units_across(p) - first.column * units_across);
    const int height = std::min(units_down, frame.units_down(p) - first.row * units_down);
    for (const SampleFormat& sample : layout.colour()) {
      const auto same = std::ranges::count(layout.colour(), sample.channel, &SampleFormat::channel);
      const float weight = layer.weights[sample.channel] /
                           static_cast<float>(format.sample_max() * width * height * same);
      if (weight == 0) continue;
      const auto begin_of = [&, row_bytes = units_down * plane.stride,
                             column_bytes =
                                 std::ptrdiff_t{units_across} * layout.unit_bytes](Cell cell) {
        return plane.data + cell.row * row_bytes + cell.column * column_bytes + sample.offset;
      };
      if (format.sample_bytes * width * height == 1) {  // the most common, and the most cells
        for (std::size_t i = 0; i < cells.size(); ++i)
          values[i] += weight * static_cast<float>(*begin_of(cells[i]));
        continue;
      }
      for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::uint8_t* row = begin_of(cells[i]);
        int sum = 0;
        for (int y = 0; y < height; ++y, row += plane.stride) {
          const std::uint8_t* in = row;
          for (int x = 0; x < width; ++x, in += layout.unit_bytes)
            sum += (format.sample_bytes == 2 ? in[0] | in[1] << 8 : in[0]) >> format.sample_shift;
        }
        values[i] += weight * static_cast<float>(sum);
      }
    }
  }
}

}  // namespace faceperturb
