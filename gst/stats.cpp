// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stats.h"

namespace faceperturb {

void Stats::reset() {
  const std::lock_guard lock(mutex_);
  counts_ = {};
}

void Stats::count(const Verdict& verdict, OnUnchecked on_unchecked, const Lookahead::Times& worker,
                  std::chrono::nanoseconds perturb) {
  const std::lock_guard lock(mutex_);
  ++counts_.frames;
  counts_.faces += verdict.faces.size();
  if (verdict.state == FrameState::covered)
    ++(on_unchecked == OnUnchecked::cover ? counts_.covered : counts_.dropped);
  else
    ++(verdict.state == FrameState::held ? counts_.held : counts_.checked);
  counts_.worker = worker;
  counts_.perturb += perturb;
}

void Stats::count(const Recorder::Counts& recorded) {
  const std::lock_guard lock(mutex_);
  counts_.recorded = recorded;
}

GstStructure* Stats::structure() const {
  const std::lock_guard lock(mutex_);
  const Recorder::Counts& recorded = counts_.recorded;
  const auto ns = [](std::chrono::nanoseconds time) { return static_cast<guint64>(time.count()); };
  return gst_structure_new(
      "faceperturb-stats", "frames", G_TYPE_UINT64, counts_.frames, "faces", G_TYPE_UINT64,
      counts_.faces, "checked", G_TYPE_UINT64, counts_.checked, "held", G_TYPE_UINT64, counts_.held,
      "covered", G_TYPE_UINT64, counts_.covered, "dropped", G_TYPE_UINT64, counts_.dropped,
      "detect-time", G_TYPE_UINT64, ns(counts_.worker.detect), "track-time", G_TYPE_UINT64,
      ns(counts_.worker.track), "perturb-time", G_TYPE_UINT64, ns(counts_.perturb),
      "recorded-frames", G_TYPE_UINT64, guint64{recorded.frames}, "recorded-faces", G_TYPE_UINT64,
      guint64{recorded.faces}, "recorded-bytes", G_TYPE_UINT64, guint64{recorded.bytes},
      "recorded-bytes-per-face", G_TYPE_DOUBLE,
      recorded.faces > 0 ? static_cast<double>(recorded.bytes) / static_cast<double>(recorded.faces)
                         : 0.0,
      nullptr);
}

}  // namespace faceperturb
