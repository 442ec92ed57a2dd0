// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace protect {

/// A file of lines of JSON that processes on many machines append to, and claims on names, which
/// the kernel holds as locks on bytes far behind the lines: a claim goes with the last process that
/// has it, however that ends, and none is ever stale. For one thread at a time.
class Journal {
 public:
  /// Opens it, or makes it. Throws a Failure, as do all others here: also where the file system has
  /// no locks.
  explicit Journal(std::filesystem::path file);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  /// Whether nobody else has a claim on it; then this has.
  bool claim(const std::string& name);
  /// The same, after waiting for others; false where a signal came meanwhile.
  bool wait_for(const std::string& name);
  void release(const std::string& name);

  /// On the disk when this returns.
  void append(const std::vector<nlohmann::json>& lines);
  /// Calls `visit` for every line since the last call, whoever wrote it, with its place. Lines that
  /// were cut short by a crash are left out.
  void news(const std::function<void(const nlohmann::json& line, std::int64_t place)>& visit);
  /// A line again.
  nlohmann::json at(std::int64_t place) const;

  /// A process that has this too holds the claims too.
  int descriptor() const { return file_; }

 private:
  bool lock(short type, std::int64_t byte, bool wait) const;
  [[noreturn]] void fail(int fault) const;

  const std::filesystem::path path_;
  int file_ = -1;
  std::int64_t read_ = 0;  // all before it was visited
};

}  // namespace protect
