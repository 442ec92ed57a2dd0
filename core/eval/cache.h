// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "eval/study.h"

namespace faceperturb::eval {

/// A cache that cannot be written. what() names the file and the fault.
class CacheError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A file as it is now: its name, size and time.
std::string stamp(const std::filesystem::path& file);

/// The files of the models as they are now, and this build of the program and the library: what
/// another build measured is not taken from a cache.
std::string fingerprint(const Models& models);

/// Measurements on disk, one file each. Any number of threads.
class Cache {
 public:
  /// `folder` is made; empty: nothing is kept. Throws CacheError.
  explicit Cache(std::filesystem::path folder);

  /// What was stored under `key`; nothing also where the file is damaged.
  std::optional<Measurement> load(const std::string& key) const;
  std::optional<std::vector<double>> load_row(const std::string& key) const;
  /// Throw CacheError.
  void store(const std::string& key, const Measurement& measurement) const;
  void store_row(const std::string& key, const std::vector<double>& row) const;

 private:
  std::filesystem::path file_of(const std::string& key) const;
  std::filesystem::path folder_;
};

}  // namespace faceperturb::eval
