// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace examples {

/// From now on SIGINT, SIGTERM and SIGHUP do not end the program but are counted, so that it can
/// tidy up.
void catch_interrupts();
/// The first signal that came since, or 0.
int interrupt();
/// Whether another came a second or more after the first: a terminal and a parent may both pass on
/// the same one.
bool interrupted_again();
/// Dies of the signal that came, as a shell expects of a program that was interrupted.
[[noreturn]] void die_of_interrupt();

}  // namespace examples
