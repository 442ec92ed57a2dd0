// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/command.h"

#include <clocale>
#include <cstdio>

#include "common/gst_ptr.h"

namespace examples {

void parse_options(const char* arguments, const char* summary, const GOptionEntry* entries,
                   int& argc, char**& argv, bool gstreamer, GOptionGroup* more) {
  const Ptr<GOptionContext> context(g_option_context_new(arguments));
  g_option_context_set_summary(context.get(), summary);
  g_option_context_add_main_entries(context.get(), entries, nullptr);
  if (more) g_option_context_add_group(context.get(), more);
  if (gstreamer) g_option_context_add_group(context.get(), gst_init_get_option_group());
  GError* error = nullptr;
  if (!g_option_context_parse(context.get(), &argc, &argv, &error)) {
    const Ptr<GError> owned(error);
    throw UsageError(error->message);
  }
}

int run_program(const char* name, const std::function<int()>& program) {
  std::setlocale(LC_ALL, "");
  g_set_prgname(name);
  try {
    return program();
  } catch (const UsageError& error) {
    std::fprintf(stderr, "%s: %s\n", name, error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", name, error.what());
    return 1;
  }
}

}  // namespace examples
