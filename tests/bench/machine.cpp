// SPDX-License-Identifier: LGPL-2.1-or-later
#include "machine.h"

#include <malloc.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <fstream>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "samples.h"

namespace bench {
namespace {

double cpu_milliseconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

// A line of /proc/self/status, in MB.
double status(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(name + ":")) continue;
    std::istringstream words(line.substr(name.size() + 1));
    double kilobytes = 0;
    words >> kilobytes;
    return kilobytes / 1024;
  }
  return 0;
}

}  // namespace

Bandwidth measure_bandwidth() {
  constexpr std::size_t size = 64 << 20;
  constexpr int repeats = 8;
  std::vector<std::uint64_t> from(size / 8, 1), to(size / 8);
  Bandwidth best;
  volatile std::uint64_t sink = 0;
  const auto rate = [](Clock::duration time) {
    return static_cast<double>(size) / (milliseconds(time) / 1e3);
  };
  for (int i = 0; i < repeats; ++i) {
    auto start = Clock::now();
    sink = std::accumulate(from.begin(), from.end(), std::uint64_t{0});
    best.read = std::max(best.read, rate(Clock::now() - start));
    start = Clock::now();
    std::memcpy(to.data(), from.data(), size);
    best.copy = std::max(best.copy, rate(Clock::now() - start));
    sink = to[static_cast<std::size_t>(i)];
  }
  static_cast<void>(sink);
  return best;
}

double process_cpu_milliseconds() { return cpu_milliseconds(CLOCK_PROCESS_CPUTIME_ID); }
double thread_cpu_milliseconds() { return cpu_milliseconds(CLOCK_THREAD_CPUTIME_ID); }

PeakMemory::PeakMemory() {
  malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << 5;  // the peak begins anew
  before_ = status("VmRSS");
}

double PeakMemory::megabytes() const { return status("VmHWM") - before_; }

}  // namespace bench
