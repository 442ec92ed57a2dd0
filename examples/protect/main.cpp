// SPDX-License-Identifier: LGPL-2.1-or-later

// Protects the faces in a file, or in what a camera sends, and writes the result to a file.

#include <gst/gst.h>

#include <cinttypes>
#include <clocale>
#include <cstdio>
#include <filesystem>
#include <string>

#include "before_after.h"
#include "common/elements.h"
#include "common/failure.h"
#include "common/gst_ptr.h"
#include "common/output_file.h"
#include "pipeline.h"
#include "record/key_file.h"
#include "recorder.h"
#include "source.h"

using examples::Failure;
using examples::Ptr;

namespace {

struct Options {
  double seconds = 0;
  gchar* before_after = nullptr;
  gchar* new_key = nullptr;
  gchar** properties = nullptr;
  gchar** files = nullptr;

  ~Options() {
    g_free(before_after);
    g_free(new_key);
    g_strfreev(properties);
    g_strfreev(files);
  }
};

void parse(Options& options, int& argc, char**& argv) {
  const GOptionEntry entries[] = {
      {"seconds", 's', 0, G_OPTION_ARG_DOUBLE, &options.seconds,
       "Stop after so much of the input; 0: at its end", "N"},
      {"before-after", 'b', 0, G_OPTION_ARG_FILENAME, &options.before_after,
       "Also write the frame with the largest faces, clear and protected side by side", "FILE.png"},
      {"new-key", 0, 0, G_OPTION_ARG_FILENAME, &options.new_key,
       "Only make a random key, for the properties key-location and escrow-key-location", "FILE"},
      {"property", 'p', 0, G_OPTION_ARG_STRING_ARRAY, &options.properties,
       "Set a property of the faceperturb element; may be repeated", "NAME=VALUE"},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.files, nullptr, nullptr},
      {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr}};
  const Ptr<GOptionContext> context(g_option_context_new("INPUT OUTPUT.mp4|.mkv"));
  g_option_context_set_summary(
      context.get(),
      "Makes the faces in INPUT unrecognisable. INPUT is any file that GStreamer can decode, or "
      "an\n"
      "address such as rtsp://camera/stream or v4l2:///dev/video0. Ctrl-C ends a recording and\n"
      "keeps what was recorded.");
  g_option_context_add_main_entries(context.get(), entries, nullptr);
  g_option_context_add_group(context.get(), gst_init_get_option_group());
  GError* error = nullptr;
  if (!g_option_context_parse(context.get(), &argc, &argv, &error)) {
    const Ptr<GError> owned(error);
    throw Failure(error->message);
  }
  if (options.new_key) {
    if (options.files) throw Failure("--new-key takes no INPUT or OUTPUT");
    return;
  }
  if (!options.files || g_strv_length(options.files) != 2)
    throw Failure("INPUT and OUTPUT are needed, and nothing else; see --help");
  if (options.seconds < 0) throw Failure("--seconds cannot be negative");
}

void set_properties(GstElement* element, gchar** properties) {
  for (; properties && *properties; ++properties) {
    const std::string text = *properties;
    const auto split = text.find('=');
    if (split == std::string::npos)
      throw Failure("--property needs NAME=VALUE, not '" + text + "'");
    examples::set_property(element, text.substr(0, split), text.substr(split + 1));
  }
}

void run(const Options& options) {
  const std::filesystem::path target(options.files[1]);
  std::error_code unknown;
  if (std::filesystem::equivalent(options.files[0], target, unknown))
    throw Failure("INPUT and OUTPUT are the same file");

  const auto source = protect::make_source(options.files[0]);
  examples::OutputFile output(target);
  protect::BeforeAfter pair;  // outlives the stream that it watches
  protect::Pipeline pipeline(source.uri, output, options.seconds);
  set_properties(pipeline.protector(), options.properties);
  if (options.before_after) pair.watch(pipeline.protector());
  const auto summary = protect::record(pipeline, source.name);
  output.commit();

  std::printf("%" PRIu64 " frames, %" PRIu64 " faces, %" PRIu64 " frames covered\n", summary.frames,
              summary.faces, summary.covered);
  if (summary.dropped > 0)
    std::printf("%" PRIu64 " frames could not be checked and were left out\n", summary.dropped);
  if (summary.late > 0)
    std::printf("%" PRIu64 " frames came faster than they could be protected and were left out\n",
                summary.late);
  std::printf("%s\n", target.c_str());
  if (!options.before_after) return;
  if (pair.write(options.before_after))
    std::printf("%s\n", options.before_after);
  else
    std::fprintf(stderr, "no face was found, so there is no %s\n", options.before_after);
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_ALL, "");
  g_set_prgname("faceperturb");
  try {
    Options options;
    parse(options, argc, argv);
    if (options.new_key)
      faceperturb::write_key_file(options.new_key);
    else
      run(options);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "faceperturb: %s\n", error.what());
    return 1;
  }
}
