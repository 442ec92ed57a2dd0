// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stages.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "eval/scene.h"
#include "frame/cells.h"
#include "frame/format.h"
#include "perturb/methods.h"
#include "perturb/permutation.h"
#include "perturb/random.h"
#include "perturb/workspace.h"
#include "regions/regions.h"
#include "samples.h"

namespace bench {

using namespace faceperturb;

namespace {

constexpr int width = 1280;
constexpr int height = 720;
constexpr int pixels = 8000;
constexpr float face_width = 200;
constexpr double mark = 100;  // microseconds for the permutation of 8,000 pixels in place
constexpr auto features = Regions::eyes | Regions::nose | Regions::mouth;

// The rendered portrait's face, scaled about the frame's middle.
Face face() {
  const auto portrait = eval::render_portrait({width, height}, 0).faces.at(0);
  const float scale = face_width / portrait.box.width;
  const auto place = [&](float value, int side) {
    return (value - static_cast<float>(side) / 2) * scale + static_cast<float>(side) / 2;
  };
  Face face;
  face.id = 1;  // tracked: what a method keeps from frame to frame is there
  face.box = {place(portrait.box.x, width), place(portrait.box.y, height), face_width,
              portrait.box.height * scale};
  std::ranges::transform(portrait.landmarks, face.landmarks.emplace().begin(), [&](const Point& p) {
    return Point{place(p.x, width), place(p.y, height)};
  });
  return face;
}

// A frame with memory of its own.
struct OwnFrame {
  explicit OwnFrame(const FormatInfo& format) : frame{&format, width, height, {}} {
    for (int p = 0; p < format.plane_count; ++p) {
      const auto i = static_cast<std::size_t>(p);
      const std::ptrdiff_t stride =
          std::ptrdiff_t{frame.units_across(p)} * format.planes[i].unit_bytes;
      memory[i].resize(static_cast<std::size_t>(stride * frame.units_down(p)));
      for (std::size_t b = 0; b < memory[i].size(); ++b)
        memory[i][b] = static_cast<std::uint8_t>(b * 2654435761U >> 24);
      frame.planes[i] = {memory[i].data(), stride};
    }
  }

  std::array<std::vector<std::uint8_t>, 3> memory;
  Frame frame;
};

// Times in microseconds; `prepare` is not timed.
template <typename Prepare, typename Work>
Samples measure(int repeats, Prepare prepare, Work work) {
  Samples times;
  for (int i = 0; i < repeats + repeats / 10; ++i) {
    prepare(i);
    const auto start = Clock::now();
    work(i);
    const auto time = Clock::now() - start;
    if (i >= repeats / 10) times.add(milliseconds(time) * 1e3);  // the first ones warm up
  }
  return times;
}

int bytes_per_cell(const FormatInfo& format, const CellGrid& grid) {
  int bytes = 0;
  for (int p = 0; p < format.plane_count; ++p) {
    const auto& plane = format.planes[static_cast<std::size_t>(p)];
    bytes += grid.pixels_per_cell() / (plane.unit_width * plane.unit_height) * plane.unit_bytes;
  }
  return bytes;
}

void permutation_row(const char* name, int cell_size, const Face& face, int repeats) {
  const FormatInfo& format = *find_format(name);
  const OwnFrame own(format);
  const CellGrid grid(own.frame, cell_size);
  const Secret secret = Secret::random();
  RegionMapper regions;
  regions.start_frame(grid);
  const auto cells = regions.add(face, features, pixels).first(cells_for(grid, pixels));

  const auto nothing = [](int) {};
  const auto stream = [&](int i) {
    return RandomStream(secret, static_cast<std::uint64_t>(i) + 1, 0);
  };
  Workspace workspace;
  const Samples draw = measure(repeats, nothing, [&](int i) {
    RandomStream random = stream(i);
    random_permutation(cells.size(), random, workspace.from);
  });
  const Samples move = measure(repeats, nothing, [&](int) {
    workspace.mover.permute(own.frame, grid, cells, workspace.from);
  });
  const Samples both = measure(repeats, nothing, [&](int i) {
    RandomStream random = stream(i);
    method_info(Method::shuffle)
        .apply({own.frame, grid, face, cells, cell_size}, {}, random, workspace);
  });
  std::printf("  %-6s %dx%-3d %7zu %9zu %10.1f %10.1f %10.1f %10.1f   %s\n", name, grid.cell_width,
              grid.cell_height, cells.size(),
              cells.size() * static_cast<std::size_t>(bytes_per_cell(format, grid)),
              draw.quantile(0.5), move.quantile(0.5), both.quantile(0.5), both.quantile(0.05),
              both.quantile(0.5) < mark ? "met" : "NOT MET");
}

void region_row(const char* what, Regions chosen, int wanted, const Face& face, int repeats) {
  std::printf("  %-28s", what);
  for (const char* name : {"I420", "Y444"}) {
    const OwnFrame own(*find_format(name));
    const CellGrid grid(own.frame, 1);
    RegionMapper regions;
    std::size_t count = 0;
    const Samples time = measure(
        repeats, [&](int) { regions.start_frame(grid); },
        [&](int) { count = regions.add(face, chosen, wanted).size(); });
    std::printf(" %9zu %10.1f", count * static_cast<std::size_t>(grid.pixels_per_cell()),
                time.quantile(0.5));
  }
  std::printf("\n");
}

void method_row(const MethodInfo& method, const Face& face, int repeats) {
  std::printf("  %-12s", std::string(method.name).c_str());
  for (const char* name : {"I420", "NV12", "RGB"}) {
    const OwnFrame own(*find_format(name));
    const CellGrid grid(own.frame, 1);
    const Secret secret = Secret::random();
    Workspace workspace;
    std::vector<Cell> cells;
    RegionMapper regions;
    const Samples time = measure(
        repeats,
        [&](int) {
          regions.start_frame(grid);
          const auto chosen = regions.add(face, Regions::face, 0);
          cells.assign(chosen.begin(), chosen.end());
        },
        [&](int i) {
          RandomStream random(secret, static_cast<std::uint64_t>(i), 0);
          method.apply({own.frame, grid, face, cells, 1}, {}, random, workspace);
        });
    std::printf(" %10.0f %10.0f", time.quantile(0.5), time.quantile(0.05));
  }
  std::printf("\n");
}

}  // namespace

void bench_stages(int repeats) {
  const Face one = face();
  std::printf("Permutation of %d pixels in place, microseconds, median of %d; mark: < %.0f\n",
              pixels, repeats, mark);
  std::printf("  %-6s %-5s %7s %9s %10s %10s %10s %10s   %s\n", "format", "cell", "cells", "bytes",
              "draw", "move", "shuffle", "its p5", "mark");
  permutation_row("I420", 2, one, repeats);
  permutation_row("Y444", 1, one, repeats);
  permutation_row("RGB", 1, one, repeats);
  std::printf(
      "  bytes: of the face's cells on all planes, copied out once and back once; nothing else is\n"
      "  copied. draw: random_permutation; move: CellMover::permute; shuffle: the whole method;\n  "
      "p5: one in 20 was quicker, which tells more of the code on a busy machine\n");
  std::printf("Regions of a face %.0f pixels wide: RegionMapper::add, microseconds\n",
              static_cast<double>(face_width));
  std::printf("  %-28s %9s %10s %9s %10s\n", "", "px I420", "I420", "px Y444", "Y444");
  const int fewer = std::max(1, repeats / 4);
  region_row("eyes, nose, mouth", features, 0, one, fewer);
  region_row("face", Regions::face, 0, one, fewer);
  region_row("eyes, nose, mouth, to 8000", features, pixels, one, fewer);
  region_row("eyes, nose, mouth, to 20000", features, 20000, one, fewer);
  std::printf(
      "Methods on the whole of that face, microseconds: median, and one in 20 was quicker\n");
  std::printf("  %-12s %21s %21s %21s\n", "", "I420", "NV12", "RGB");
  for (const MethodInfo& method : methods()) method_row(method, one, fewer);
}

}  // namespace bench
