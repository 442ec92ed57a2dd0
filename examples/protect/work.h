// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "command_line.h"
#include "judge.h"
#include "plan.h"

namespace protect {

/// What came of one file.
struct Summary {
  std::uint64_t frames = 0;   ///< written
  std::uint64_t faces = 0;    ///< found, in all frames
  std::uint64_t checked = 0;  ///< frames that left because a detector looked close to them
  std::uint64_t held = 0;     ///< frames in which a face that was lost is still protected
  std::uint64_t covered = 0;  ///< frames that could not be checked and were made black
  std::uint64_t dropped = 0;  ///< the same, and were left out
  std::optional<Judgement> judgement{};  ///< where there is a judge
  std::uint64_t late = 0;     ///< frames of a live source that came faster than they were done
  bool before_after = false;  ///< there was a face for the before/after picture
};

/// Hears of the work on one file.
class Listener {
 public:
  virtual ~Listener() = default;
  /// `done` is the fraction, 0 to 1, where that is known.
  virtual void progress(std::uint64_t frames, std::optional<double> done) = 0;
  /// What is not as in the original.
  virtual void note(const std::string& text) = 0;
  /// `file` is whole, and has its own name next, unless this throws.
  virtual void whole(const std::filesystem::path& /*file*/, const Summary& /*summary*/) {}
};

class Stills;

/// Protects files one by one.
class Work {
 public:
  explicit Work(Settings settings);
  ~Work();

  /// Throws a Failure, or a UsageError, that names the file; then it has no output.
  Summary run(const Job& job, Listener& listener);

 private:
  Summary run_still(const Job& job, Listener& listener);
  Summary run_video(const Job& job, Listener& listener);

  const Settings settings_;
  std::unique_ptr<Judge> judge_;
  std::unique_ptr<Stills> stills_;  // kept: models take longer to load than a picture to protect
};

/// Throws a UsageError or Failure that would else be every file's.
void check(const Settings& settings, const Plan& plan);

}  // namespace protect
