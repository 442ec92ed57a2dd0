// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "element_options.h"

namespace protect {

/// How files are protected and written.
struct Settings {
  std::vector<Setting> element;
  double seconds = 0;
  std::string encoder;         ///< a name in encoders() or a description; empty: the container's
  std::optional<int> quality;  ///< of the encoder
  int jpeg_quality = 95;       ///< 1 to 100
  bool strip_metadata = false;
  bool preview = false;
  std::string before_after;  ///< file, or empty
  std::string judge;         ///< model of an independent detector, or empty
};

/// What the command line asks for.
struct CommandLine {
  Settings settings;
  std::vector<std::string> inputs;
  std::string target;
  std::string new_key;  ///< file of a key to make, and nothing else; or empty
  std::string list;     ///< file with the names to take, or empty
  int jobs = 1;
  int tries = 1;           ///< of a file that fails
  std::string manifest;    ///< folder of the account that is kept of the files, or empty
  std::size_t shard = 0;   ///< the part of the files to work on,
  std::size_t shards = 1;  ///< of so many
  bool sum_up = false;     ///< only write the manifest
  bool verbose = false;
  bool worker = false;  ///< serves another process of this program; there are no inputs
};

/// Throws a UsageError.
CommandLine parse(int& argc, char**& argv);

}  // namespace protect
