// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "element_options.h"

namespace protect {

/// One file to protect.
struct Job {
  std::string input;  ///< a file or an address
  std::filesystem::path output;
  std::string record;  ///< file of its record, or empty
  std::string name;    ///< of the output, below the target
};

/// What is to be done.
struct Plan {
  std::vector<Job> jobs;
  bool one = false;                ///< one file into one file, not files into a folder
  std::vector<std::string> notes;  ///< what the user should know, a line each
  std::size_t left_out = 0;        ///< files that are neither video nor picture by their names
};

/// Expands folders and patterns, and gives every file its place in `target`: a file, or a folder
/// where it is one, ends in a slash or has to be one. With several files a record-location among
/// `settings` is a folder too, in which each has its record. With a `list`, a file, the only input
/// is a folder of which only the names in that file are taken, one a line. Creates nothing. Throws
/// a UsageError.
Plan make_plan(const std::vector<std::string>& inputs, const std::string& target,
               const std::vector<Setting>& settings, const std::string& list = "");

/// Creates the folder that a file is to be in; throws a Failure.
void make_folder_of(const std::filesystem::path& file);

}  // namespace protect
