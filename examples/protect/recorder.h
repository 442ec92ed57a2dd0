// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>

#include "pipeline.h"

namespace protect {

/// What a run came to.
struct Summary {
  std::uint64_t frames = 0;   ///< written
  std::uint64_t faces = 0;    ///< found
  std::uint64_t covered = 0;  ///< frames that could not be checked and were made black
  std::uint64_t dropped = 0;  ///< the same, and were left out
  std::uint64_t late = 0;     ///< frames of a live source that came faster than they were done
};

/// Runs the pipeline to its end, or until SIGINT or SIGTERM end the recording; shows the progress
/// on stderr. Throws a Failure about the source `name`; then the file is of no use.
Summary record(Pipeline& pipeline, const std::string& name);

}  // namespace protect
