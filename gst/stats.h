// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <chrono>
#include <mutex>

#include "guard/lookahead.h"
#include "record/recorder.h"
#include "types.h"

namespace faceperturb {

/// Counts of what left an element, for its property `stats`. Thread safe.
class Stats {
 public:
  void reset();
  /// One frame that left, or did not; `worker` since the start, `perturb` for this frame.
  void count(const Verdict& verdict, OnUnchecked on_unchecked, const Lookahead::Times& worker,
             std::chrono::nanoseconds perturb);
  /// What was recorded since the start.
  void count(const Recorder::Counts& recorded);
  /// The caller owns the result.
  GstStructure* structure() const;

 private:
  struct Counts {
    guint64 frames = 0;
    guint64 faces = 0;
    guint64 checked = 0;
    guint64 held = 0;
    guint64 covered = 0;
    guint64 dropped = 0;
    Lookahead::Times worker;
    std::chrono::nanoseconds perturb{};
    Recorder::Counts recorded;
  };

  mutable std::mutex mutex_;
  Counts counts_;
};

}  // namespace faceperturb
