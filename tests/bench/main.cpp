// SPDX-License-Identifier: LGPL-2.1-or-later

// How long a frame takes, beside identity and Debian's faceblur, and how long the library's stages
// take.

#include <gst/gst.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <sstream>
#include <stdexcept>
#include <string>

#include "elements.h"
#include "pictures.h"
#include "stages.h"

namespace {

struct Options {
  bench::ElementOptions elements;
  int repeats = 2000;
  std::string data;
};

std::vector<cv::Size> parse_sizes(const char* text) {
  std::vector<cv::Size> sizes;
  std::istringstream list(text);
  for (std::string item; std::getline(list, item, ',');) {
    cv::Size size;
    char rest = 0;
    if (std::sscanf(item.c_str(), "%dx%d%c", &size.width, &size.height, &rest) != 2 ||
        size.width < 16 || size.height < 16 || size.width % 2 || size.height % 2)
      throw std::runtime_error("--sizes needs even WxH,..., not '" + item + "'");
    sizes.push_back(size);
  }
  return sizes;
}

Options parse(int& argc, char**& argv) {
  Options options;
  gchar* sizes = nullptr;
  gchar* data = nullptr;
  const GOptionEntry entries[] = {
      {"frames", 0, 0, G_OPTION_ARG_INT, &options.elements.frames,
       "Frames of every element and size; default 24", "N"},
      {"rounds", 0, 0, G_OPTION_ARG_INT, &options.elements.rounds,
       "Rounds in which the elements take turns; default 4", "N"},
      {"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &options.elements.seconds,
       "At most for one element at one size; default 6", "N"},
      {"sizes", 0, 0, G_OPTION_ARG_STRING, &sizes, "Default 640x360,1280x720,1920x1080", "WxH,..."},
      {"repeats", 0, 0, G_OPTION_ARG_INT, &options.repeats,
       "Repeats of every stage of the library; default 2000", "N"},
      {"data", 0, 0, G_OPTION_ARG_FILENAME, &data,
       "Test data, where FACEPERTURB_TEST_DATA does not say", "FOLDER"},
      {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr}};
  GOptionContext* context = g_option_context_new(nullptr);
  g_option_context_add_main_entries(context, entries, nullptr);
  g_option_context_add_group(context, gst_init_get_option_group());
  GError* error = nullptr;
  const bool parsed = g_option_context_parse(context, &argc, &argv, &error);
  g_option_context_free(context);
  const std::string fault = error ? error->message : "";
  g_clear_error(&error);
  const std::string size_list = sizes ? sizes : "";
  if (data) options.data = data;
  g_free(sizes);
  g_free(data);
  if (!parsed) throw std::runtime_error(fault);
  if (!size_list.empty()) options.elements.sizes = parse_sizes(size_list.c_str());
  if (options.elements.frames < 1 || options.elements.rounds < 1 || options.repeats < 1)
    throw std::runtime_error("--frames, --rounds and --repeats need at least 1");
  if (const char* set = std::getenv("FACEPERTURB_TEST_DATA")) options.data = set;
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Options options = parse(argc, argv);
    const auto pictures = bench::one_face(options.data, 8);
    bench::bench_elements(pictures, options.elements);
    bench::bench_stages(options.repeats);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "faceperturb-bench: %s\n", error.what());
    return 1;
  }
}
