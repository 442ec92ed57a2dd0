// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>

namespace bench {

/// Exit code by which meson knows a test that could not run.
constexpr int skipped = 77;

/// The folder of test data: what FACEPERTURB_TEST_DATA says, or `given`.
inline std::filesystem::path test_data(const std::string& given) {
  const char* set = std::getenv("FACEPERTURB_TEST_DATA");
  return set ? set : given;
}

/// Whether `file` is there; says so where it is not.
inline bool is_there(const std::filesystem::path& file) {
  if (std::filesystem::exists(file)) return true;
  std::cout << "no test data: " << file.string() << " does not exist\n";
  return false;
}

}  // namespace bench
