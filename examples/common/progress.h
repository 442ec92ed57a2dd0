// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace examples {

/// A line on stderr that tells how far a long work is: rewritten on a terminal, else a new line now
/// and then.
class Progress {
 public:
  /// `unit` is what is counted.
  explicit Progress(std::string unit = "frames");
  ~Progress() { end(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `done` is the fraction that is done, 0 to 1, where that is known.
  void show(std::uint64_t count, std::optional<double> done);
  /// Ends the line, so that something else can be printed.
  void end();

 private:
  using Clock = std::chrono::steady_clock;

  const std::string unit_;
  const bool terminal_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point last_line_ = start_;
  bool open_ = false;
};

}  // namespace examples
