// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protector.h"

#include <algorithm>
#include <exception>

#include "perturb/permutation.h"
#include "perturb/workspace.h"
#include "record/escrow.h"

namespace faceperturb {

Protector::Protector(const Secret& secret)
    : workspace_(std::make_unique<Workspace>()), secret_(secret) {}
Protector::~Protector() = default;

void Protector::protect(const Frame& frame, Verdict& verdict, const Settings& settings,
                        Recording* recording) noexcept {
  try {
    if (recording) {
      recording->frame.faces.clear();
      recording->frame.escrow.clear();
      recording->originals.clear();
    }
    if (verdict.state != FrameState::covered) perturb(frame, verdict, settings, recording);
  } catch (const std::exception& error) {
    verdict = {FrameState::covered, {}, error.what()};
  } catch (...) {
    verdict = {FrameState::covered, {}, "unknown exception"};
  }
  if (verdict.state == FrameState::covered) {
    cover(frame);
    if (recording) recording->frame.faces.clear();
  }
  if (recording) {
    FrameRecord& record = recording->frame;
    record.counter = frame_counter_;
    record.state = verdict.state;
    record.width = static_cast<std::uint32_t>(frame.width);
    record.height = static_cast<std::uint32_t>(frame.height);
    record.overview = fingerprints_.overview(frame);
  }
  ++frame_counter_;
}

void Protector::perturb(const Frame& frame, const Verdict& verdict, const Settings& settings,
                        Recording* recording) {
  const CellGrid grid(frame, settings.cell_size);
  const MethodInfo& method = method_info(settings.method);
  const auto interval = static_cast<std::uint64_t>(std::max(1, settings.rekey_interval));
  const std::uint64_t epoch = method.undo ? frame_counter_ / interval : frame_counter_;
  if (recording) {
    FrameRecord& record = recording->frame;
    record.epoch = epoch;
    record.format = frame.format->name;
    record.cell_width = static_cast<std::uint32_t>(grid.cell_width);
    record.cell_height = static_cast<std::uint32_t>(grid.cell_height);
    record.method = method.name;
  }
  regions_.start_frame(grid);
  std::uint32_t number = 0;
  for (const Face& face : verdict.faces) {
    auto cells = regions_.add(face, settings.regions, settings.pixels);
    if (cells.empty()) continue;
    std::size_t moved = cells.size();
    if (settings.pixels > 0) moved = std::min(moved, cells_for(grid, settings.pixels));
    if (recording) {
      recording->frame.faces.push_back({{cells.begin(), cells.end()},
                                        static_cast<std::uint32_t>(moved),
                                        fingerprints_.cells(frame, grid, cells).thumbnail,
                                        {}});
      if (recording->keep_originals) keep_originals(frame, grid, cells, recording->originals);
    }
    RandomStream random(secret_, epoch, number++);
    if (moved < cells.size()) draw_to_front(cells, moved, random);
    method.apply({frame, grid, face, cells.first(moved), settings.cell_size, moved < cells.size()},
                 settings.parameters, random, *workspace_);
  }
  if (!recording) return;
  for (FaceRecord& face : recording->frame.faces) face.digest = digest(frame, grid, face.cells);
}

}  // namespace faceperturb
