// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/interrupt.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <initializer_list>

namespace examples {
namespace {

volatile std::sig_atomic_t first = 0;
volatile std::sig_atomic_t again = 0;
volatile std::time_t first_time = 0;

void on_signal(int signal) {
  const std::time_t now = std::time(nullptr);
  if (!first) {
    first_time = now;
    first = signal;
  } else if (now > first_time + 1) {
    again = 1;
  }
}

}  // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
}

int interrupt() { return first; }

bool interrupted_again() { return again != 0; }

void die_of_interrupt() {
  std::fflush(nullptr);
  std::signal(first, SIG_DFL);
  std::raise(first);
  std::abort();
}

}  // namespace examples
