// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protector.h"

#include <exception>

#include "perturb/workspace.h"

namespace faceperturb {

Protector::Protector(const Secret& secret)
    : workspace_(std::make_unique<Workspace>()), secret_(secret) {}
Protector::~Protector() = default;

void Protector::protect(const Frame& frame, Verdict& verdict, const Settings& settings) noexcept {
  try {
    if (verdict.state != FrameState::covered) perturb(frame, verdict, settings);
  } catch (const std::exception& error) {
    verdict = {FrameState::covered, {}, error.what()};
  } catch (...) {
    verdict = {FrameState::covered, {}, "unknown exception"};
  }
  ++frame_counter_;
  if (verdict.state == FrameState::covered) cover(frame);
}

void Protector::perturb(const Frame& frame, const Verdict& verdict, const Settings& settings) {
  const CellGrid grid(frame, settings.cell_size);
  regions_.start_frame(grid);
  std::uint32_t number = 0;
  for (const Face& face : verdict.faces) {
    RandomStream random(secret_, frame_counter_, number++);
    const auto cells = regions_.add(face, settings.regions, settings.pixels, random);
    if (cells.empty()) continue;
    method_info(settings.method)
        .apply({frame, grid, face, cells, settings.cell_size}, settings.parameters, random,
               *workspace_);
  }
}

}  // namespace faceperturb
