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

// The cells of a layer in one plane; all have the shape of the first.
struct CellsOfPlane {
  CellsOfPlane(const Frame& frame, const CellGrid& grid, int p, Cell first)
      : plane(frame.planes[static_cast<std::size_t>(p)]),
        layout(frame.format->planes[static_cast<std::size_t>(p)]) {
    const int across = grid.cell_width / layout.unit_width;
    const int down = grid.cell_height / layout.unit_height;
    column_bytes = std::ptrdiff_t{across} * layout.unit_bytes;
    row_bytes = down * plane.stride;
    width = std::min(across, frame.units_across(p) - first.column * across);
    height = std::min(down, frame.units_down(p) - first.row * down);
  }

  std::uint8_t* begin(Cell cell) const {
    return plane.data + cell.row * row_bytes + cell.column * column_bytes;
  }

  const Plane& plane;
  const PlaneFormat& layout;
  std::ptrdiff_t column_bytes, row_bytes;
  int width, height;  // units
};

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
  for (int p = layer.planes.first; p < layer.planes.end; ++p) {
    const CellsOfPlane in(frame, layer.grid, p, cells.front());
    for (const SampleFormat& sample : in.layout.colour()) {
      const auto same =
          std::ranges::count(in.layout.colour(), sample.channel, &SampleFormat::channel);
      const float weight = layer.weights[sample.channel] /
                           static_cast<float>(format.sample_max() * in.width * in.height * same);
      if (weight == 0) continue;
      if (format.sample_bytes * in.width * in.height == 1) {  // the most common, the most cells
        for (std::size_t i = 0; i < cells.size(); ++i)
          values[i] += weight * static_cast<float>(in.begin(cells[i])[sample.offset]);
        continue;
      }
      for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::uint8_t* row = in.begin(cells[i]) + sample.offset;
        int sum = 0;
        for (int y = 0; y < in.height; ++y, row += in.plane.stride) {
          const std::uint8_t* at = row;
          for (int x = 0; x < in.width; ++x, at += in.layout.unit_bytes)
            sum += (format.sample_bytes == 2 ? at[0] | at[1] << 8 : at[0]) >> format.sample_shift;
        }
        values[i] += weight * static_cast<float>(sum);
      }
    }
  }
}

void raise_values(const Frame& frame, const Layer& layer, std::span<const Cell> cells,
                  std::span<const float> amounts) {
  const SampleCodec codec(*frame.format);
  for (int p = layer.planes.first; p < layer.planes.end; ++p) {
    const CellsOfPlane in(frame, layer.grid, p, cells.front());
    for (const SampleFormat& sample : in.layout.colour()) {
      const float share = layer.inverse[sample.channel];
      if (share == 0) continue;
      for (std::size_t i = 0; i < cells.size(); ++i) {
        std::uint8_t* row = in.begin(cells[i]) + sample.offset;
        for (int y = 0; y < in.height; ++y, row += in.plane.stride) {
          std::uint8_t* at = row;
          for (int x = 0; x < in.width; ++x, at += in.layout.unit_bytes)
            codec.write(at, codec.read(at) + share * amounts[i]);
        }
      }
    }
  }
}

}  // namespace faceperturb
