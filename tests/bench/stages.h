// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace bench {

/// Times the stages of the library that change a frame, and prints a table; each figure is the
/// median of `repeats`.
void bench_stages(int repeats);

}  // namespace bench
