// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "eval/study.h"

namespace evaluation {

struct Options {
  std::vector<std::filesystem::path> datasets;
  std::filesystem::path out;   ///< empty: a table on stdout is all that is wanted
  std::size_t per_person = 0;  ///< pictures of each person, 0: all
  faceperturb::eval::Plan plan;
  /// What the table on stdout is about.
  std::vector<faceperturb::eval::Variant> variants;
};

/// Reads the command line; throws examples::Failure.
Options parse(int argc, char** argv);

}  // namespace evaluation
