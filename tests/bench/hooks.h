// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>

namespace bench {

/// What one thread asked the C library for.
struct Calls {
  std::size_t allocations = 0;  ///< malloc and its kin, `new` too
  std::size_t copied = 0;  ///< bytes, by memcpy and memmove; copies that are inlined are unseen
};

/// Counts while it lives, in the thread that made it; one at a time. The program's own definitions
/// of those functions stand before the C library's, for all libraries that it loads.
class Counting {
 public:
  Counting();
  ~Counting();
  Counting(const Counting&) = delete;
  Counting& operator=(const Counting&) = delete;

  static Calls calls();  ///< of the last that lived in this thread
};

}  // namespace bench
