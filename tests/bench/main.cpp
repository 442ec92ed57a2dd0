// SPDX-License-Identifier: LGPL-2.1-or-later

// How long a frame takes, beside identity and others' elements, and how long the library's stages
// take.

#include <gst/gst.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "clips.h"
#include "common/command.h"
#include "libfacedetection.h"
#include "stages.h"
#include "sweep.h"
#include "test_data.h"

namespace {

struct Options {
  bench::SweepOptions sweep;
  std::string libfacedetection;  // a checkout
  int repeats = 2000;
};

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> items;
  std::istringstream list(text);
  for (std::string item; std::getline(list, item, ',');) items.push_back(item);
  return items;
}

std::vector<cv::Size> parse_sizes(const std::string& text) {
  std::vector<cv::Size> sizes;
  for (const std::string& item : split(text)) {
    cv::Size size;
    char rest = 0;
    if (std::sscanf(item.c_str(), "%dx%d%c", &size.width, &size.height, &rest) != 2 ||
        size.width < 16 || size.height < 16 || size.width % 2 || size.height % 2)
      throw examples::UsageError("--sizes needs even WxH,..., not '" + item + "'");
    sizes.push_back(size);
  }
  return sizes;
}

std::vector<std::string> parse_axes(const std::string& text) {
  const auto& known = bench::axes();
  auto chosen = text == "none" ? std::vector<std::string>{} : split(text);
  for (const std::string& axis : chosen)
    if (std::ranges::find(known, axis) == known.end())
      throw examples::UsageError("--axes does not know '" + axis + "'");
  return chosen;
}

std::vector<int> parse_streams(const std::string& text) {
  std::vector<int> counts;
  for (const std::string& item : split(text)) {
    const int count = std::atoi(item.c_str());
    if (count < 1 || count > 1000) throw examples::UsageError("--streams needs counts from 1 on");
    counts.push_back(count);
  }
  return counts;
}

// A network to compare with, where there is one.
std::string default_model(const std::filesystem::path& data) {
  const auto file = data / "models/detectors/yunet/yunet_n_320_320.onnx";
  std::error_code unknown;
  return !data.empty() && std::filesystem::exists(file, unknown) ? file.string() : "";
}

Options parse(int& argc, char**& argv) {
  Options options;
  bench::SweepOptions& sweep = options.sweep;
  gchar *sizes = nullptr, *axes = nullptr, *streams = nullptr, *data = nullptr, *csv = nullptr,
        *model = nullptr, *libfacedetection = nullptr;
  const GOptionEntry entries[] = {
      {"axes", 0, 0, G_OPTION_ARG_STRING, &axes,
       "Of resolution,still,faces,format,detector,method,streams; none: stages alone; default all",
       "NAME,..."},
      {"sizes", 0, 0, G_OPTION_ARG_STRING, &sizes, "Default 640x360,1280x720,1920x1080,3840x2160",
       "WxH,..."},
      {"streams", 0, 0, G_OPTION_ARG_STRING, &streams, "Default 1,2,4,8,16", "N,..."},
      {"frames", 0, 0, G_OPTION_ARG_INT, &sweep.frames,
       "Of every element in every case; default 180", "N"},
      {"rounds", 0, 0, G_OPTION_ARG_INT, &sweep.rounds,
       "In which the elements take turns; default 3", "N"},
      {"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &sweep.seconds,
       "At most for one element in one case; default 3", "N"},
      {"repeats", 0, 0, G_OPTION_ARG_INT, &options.repeats,
       "Of every stage of the library, 0: none; default 2000", "N"},
      {"csv", 0, 0, G_OPTION_ARG_FILENAME, &csv, "The figures, for curves", "FILE"},
      {"detector-model", 0, 0, G_OPTION_ARG_FILENAME, &model,
       "For detector=dnn; default: YuNet's from the test data", "FILE"},
      {"libfacedetection", 0, 0, G_OPTION_ARG_FILENAME, &libfacedetection,
       "To be built and measured too; default: left out", "CHECKOUT"},
      {"data", 0, 0, G_OPTION_ARG_FILENAME, &data,
       "Test data, where FACEPERTURB_TEST_DATA does not say", "FOLDER"},
      {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr}};
  examples::parse_options(nullptr, nullptr, entries, argc, argv);
  const auto taken = [](gchar* text) {
    const bench::Ptr<gchar> owned(text);
    return std::string(text ? text : "");
  };
  const std::string size_list = taken(sizes), axis_list = taken(axes), stream_list = taken(streams),
                    given = taken(data);
  sweep.csv = taken(csv);
  sweep.detector_model = taken(model);
  options.libfacedetection = taken(libfacedetection);
  if (!size_list.empty()) sweep.sizes = parse_sizes(size_list);
  if (!axis_list.empty()) sweep.axes = parse_axes(axis_list);
  if (!stream_list.empty()) sweep.streams = parse_streams(stream_list);
  if (sweep.frames < 1 || sweep.rounds < 1 || options.repeats < 0)
    throw examples::UsageError("--frames and --rounds need at least 1, --repeats 0");
  if (sweep.detector_model.empty()) sweep.detector_model = default_model(bench::test_data(given));
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::run_program("faceperturb-bench", [&] {
    const Options options = parse(argc, argv);
    if (!options.libfacedetection.empty()) bench::add_libfacedetection(options.libfacedetection);
    if (!options.sweep.axes.empty()) bench::sweep(options.sweep);
    if (options.repeats > 0) bench::bench_stages(options.repeats);
    return 0;
  });
}
