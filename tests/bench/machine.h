// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace bench {

/// What the memory gives one thread, in bytes a second, best of several over 64 MB.
struct Bandwidth {
  double read = 0;  ///< summed up
  double copy = 0;  ///< by memcpy; bytes copied, each of which is read and written
};
Bandwidth measure_bandwidth();

double process_cpu_milliseconds();  ///< of all threads
double thread_cpu_milliseconds();   ///< of the calling one

/// The most memory that the process held since it was made, in MB above what it held then.
class PeakMemory {
 public:
  PeakMemory();
  double megabytes() const;

 private:
  double before_;
};

}  // namespace bench
