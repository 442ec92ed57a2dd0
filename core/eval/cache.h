// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "eval/study.h"

namespace faceperturb::eval {

/// Measurements on disk, one file each. Any number of threads.
class Cache {
 public:
  /// `folder` is made; empty: nothing is kept. Throws std::filesystem::filesystem_error.
  explicit Cache(std::filesystem::path folder);

  /// What was stored under `key`; nothing also where the file is damaged.
  std::optional<Measurement> load(const std::string& key) const;
  void store(const std::string& key, const Measurement& measurement) const;

 private:
  std::filesystem::path file_of(const std::string& key) const;
  std::filesystem::path folder_;
};

}  // namespace faceperturb::eval
