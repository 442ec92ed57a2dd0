// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/progress.h"

#include <unistd.h>

#include <cinttypes>
#include <cmath>
#include <cstdio>

namespace examples {
namespace {

constexpr std::chrono::seconds line_interval{5};
constexpr double sure = 0.02;  // done before a guess at the time left is worth anything

std::string minutes(double seconds) {
  const auto whole = std::lround(seconds);
  char text[32];
  std::snprintf(text, sizeof text, "%ld:%02ld", whole / 60, whole % 60);
  return text;
}

}  // namespace

Progress::Progress(std::string unit)
    : unit_(std::move(unit)), terminal_(isatty(STDERR_FILENO) != 0) {}

void Progress::show(std::uint64_t count, std::optional<double> done) {
  const auto now = Clock::now();
  if (!terminal_ && now - last_line_ < line_interval) return;
  last_line_ = now;

  const double elapsed = std::chrono::duration<double>(now - start_).count();
  const double speed = elapsed > 0 ? static_cast<double>(count) / elapsed : 0;
  const int digits = speed < 10 ? 1 : 0;
  const char* const begin = terminal_ ? "\r" : "";
  const char* const end = terminal_ ? "\x1b[K" : "\n";  // clears what an older line left
  if (done && *done > sure && *done <= 1) {
    const double part = *done;
    std::fprintf(stderr, "%s%3.0f %%  %" PRIu64 " %s  %.*f %s/s  %s left%s", begin, 100 * part,
                 count, unit_.c_str(), digits, speed, unit_.c_str(),
                 minutes(elapsed * (1 - part) / part).c_str(), end);
  } else {
    std::fprintf(stderr, "%s%" PRIu64 " %s  %.*f %s/s  %s elapsed%s", begin, count, unit_.c_str(),
                 digits, speed, unit_.c_str(), minutes(elapsed).c_str(), end);
  }
  std::fflush(stderr);
  open_ = terminal_;
}

void Progress::end() {
  if (open_) std::fputc('\n', stderr);
  open_ = false;
}

}  // namespace examples
