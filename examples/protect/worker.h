// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "command_line.h"

namespace protect {

/// What a process of the pool does: takes jobs from stdin until it ends, answers on stdout. With
/// `accounted` it says of every file what is to be known of it, and waits for a word before it
/// gives the file its name.
void serve(const Settings& settings, bool accounted);

}  // namespace protect
