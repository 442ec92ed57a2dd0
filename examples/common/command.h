// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <functional>

#include "common/failure.h"

namespace examples {

/// The command line asks for what cannot be.
class UsageError : public Failure {
 public:
  using Failure::Failure;
};

/// Parses options; `arguments` is what --help shows for those that are none. Takes what it
/// understood out of argv. GStreamer's own options are among them unless `gstreamer` is false.
/// Throws a UsageError.
void parse_options(const char* arguments, const char* summary, const GOptionEntry* entries,
                   int& argc, char**& argv, bool gstreamer = true, GOptionGroup* more = nullptr);

/// Runs a program under its name and returns its exit code. What it throws goes to stderr: 2 for a
/// UsageError, 1 for anything else.
int run_program(const char* name, const std::function<int()>& program);

}  // namespace examples
