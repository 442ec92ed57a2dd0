// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan.h"

namespace protect {

class Archive;

/// What came of many files.
struct Total {
  std::size_t files = 0;        ///< protected
  std::size_t done_before = 0;  ///< by others, or earlier
  std::size_t faceless = 0;     ///< protected, and no face was found
  std::uint64_t frames = 0, faces = 0, covered = 0;
  std::vector<Job> failed;
  std::vector<Job> elsewhere;  ///< other processes work on them
};

/// Protects the files, `workers` at once, each in a process of its own, so that one that dies takes
/// no other with it; shows the progress and what fails on stderr. `arguments` are those of this
/// program, which the processes take their settings from. A signal ends it. With an archive every
/// file is claimed there and accounted for. Adds to `total`.
void run_pool(const std::vector<Job>& jobs, int workers, bool verbose,
              const std::vector<std::string>& arguments, Archive* archive, Total& total);

}  // namespace protect
