// SPDX-License-Identifier: LGPL-2.1-or-later
#include "frame/patch.h"

#include <algorithm>

#include "frame/sample.h"

namespace faceperturb {
namespace {

// Calls `visit(sample's bytes, its channel, the pixels that share it)` for the units of all planes
// that begin in `area`; pixels beyond the frame's edge do not count.
template <typename Visit>
void for_each_sample(const Frame& frame, const cv::Rect& area, Visit visit) {
  const cv::Rect whole(0, 0, frame.width, frame.height);
  for (int p = 0; p < frame.format->plane_count; ++p) {
    const PlaneFormat& format = frame.format->planes[static_cast<std::size_t>(p)];
    const Plane& plane = frame.planes[static_cast<std::size_t>(p)];
    for (int y = area.y; y < area.br().y; y += format.unit_height) {
      std::uint8_t* unit = plane.data + y / format.unit_height * plane.stride +
                           area.x / format.unit_width * format.unit_bytes;
      for (int x = area.x; x < area.br().x; x += format.unit_width, unit += format.unit_bytes) {
        for (const SampleFormat& sample : format.colour()) {
          const cv::Rect pixels =
              cv::Rect(x + sample.column, y, sample.width, format.unit_height) & whole;
          if (!pixels.empty()) visit(unit + sample.offset, sample.channel, pixels);
        }
      }
    }
  }
}

cv::Rect rectangle_of(const CellGrid& grid, Cell cell) {
  return {cell.column * grid.cell_width, cell.row * grid.cell_height, grid.cell_width,
          grid.cell_height};
}

int down(int value, int multiple) { return value / multiple * multiple; }
int up(int value, int multiple) { return (value + multiple - 1) / multiple * multiple; }

}  // namespace

cv::Rect area_of(const Frame& frame, const CellGrid& grid, std::span<const Cell> cells, int margin,
                 int multiple) {
  cv::Rect around;
  for (const Cell cell : cells) around |= rectangle_of(grid, cell);
  const int across = frame.format->chroma_width(), downwards = frame.format->chroma_height();
  const auto low = [&](int value, int unit) {
    return down(down(std::max(0, value - margin), multiple), unit);
  };
  const auto high = [&](int value, int unit, int limit) {
    return std::min(up(up(value + margin, multiple), unit), limit);
  };
  const cv::Point from(low(around.x, across), low(around.y, downwards));
  const cv::Point to(high(around.br().x, across, frame.width),
                     high(around.br().y, downwards, frame.height));
  return {from, to};
}

void read_patch(const Frame& frame, const cv::Rect& area, Patch& patch) {
  const SampleCodec codec(*frame.format);
  const int channels = frame.format->channels();
  patch.area = area;
  patch.values.create(area.size(), CV_32FC(channels));
  for_each_sample(frame, area, [&](const std::uint8_t* bytes, int channel, const cv::Rect& pixels) {
    const float value = codec.read(bytes);
    for (int y = pixels.y; y < pixels.br().y; ++y) {
      float* row = patch.values.ptr<float>(y - area.y);
      for (int x = pixels.x; x < pixels.br().x; ++x) row[(x - area.x) * channels + channel] = value;
    }
  });
}

void write_patch(const Frame& frame, const CellGrid& grid, std::span<const Cell> cells,
                 const Patch& patch) {
  const SampleCodec codec(*frame.format);
  const int channels = frame.format->channels();
  const cv::Rect whole(0, 0, frame.width, frame.height);
  for (const Cell cell : cells) {
    for_each_sample(frame, rectangle_of(grid, cell) & whole,
                    [&](std::uint8_t* bytes, int channel, const cv::Rect& pixels) {
                      float sum = 0;
                      for (int y = pixels.y; y < pixels.br().y; ++y) {
                        const float* row = patch.values.ptr<float>(y - patch.area.y);
                        for (int x = pixels.x; x < pixels.br().x; ++x)
                          sum += row[(x - patch.area.x) * channels + channel];
                      }
                      codec.write(bytes, sum / static_cast<float>(pixels.area()));
                    });
  }
}

}  // namespace faceperturb
