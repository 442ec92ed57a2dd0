// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

#include "command_line.h"
#include "plan.h"

namespace protect {

/// What came of many files.
struct Total {
  std::size_t files = 0;     ///< protected
  std::size_t failed = 0;    ///< or not begun
  std::size_t faceless = 0;  ///< protected, and no face was found
  std::uint64_t frames = 0, faces = 0, covered = 0;
};

/// Protects the files, `jobs` at once, each in a process of its own, so that one that dies takes no
/// other with it; shows the progress and what fails on stderr. `arguments` are those of this
/// program, which the processes take their settings from. A signal ends it.
Total run_pool(const Plan& plan, int jobs, bool verbose, const std::vector<std::string>& arguments);

/// What such a process does: takes jobs from stdin until it ends, answers on stdout.
void serve(const Settings& settings);

}  // namespace protect
