// SPDX-License-Identifier: LGPL-2.1-or-later
#include "options.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <thread>

#include "common/command.h"
#include "common/gst_ptr.h"

namespace evaluation {
namespace {

namespace fs = std::filesystem;
using examples::Failure;
using examples::Ptr;
using namespace faceperturb;

struct Raw {
  gchar* out = nullptr;
  gchar** methods = nullptr;
  gchar** regions = nullptr;
  gchar** pixels = nullptr;
  gint cell_size = 1;
  gchar* models = nullptr;
  gchar* landmarks = nullptr;
  gchar** embedders = nullptr;
  gchar** detectors = nullptr;
  gchar** quality = nullptr;
  gint64 seed = 1;
  gint jobs = 0;
  gint per_person = 0;
  gchar** folders = nullptr;

  ~Raw() {
    for (gchar** list : {methods, regions, pixels, embedders, detectors, quality, folders})
      g_strfreev(list);
    for (gchar* text : {out, models, landmarks}) g_free(text);
  }
};

constexpr const char* summary =
    "Measures what protected faces still show, and what is left of the picture. A DATASET is a\n"
    "folder: of a folder of pictures for each person; of pictures with a dlib data set, VOC\n"
    "annotations, a csv of 68 landmarks, .pts or .tem files; or of videos with gt.txt.\n"
    "With --out the whole evaluation becomes a report (index.html, report.csv, report.json);\n"
    "started again it goes on where it was stopped. Without, a table of some settings is printed.";

void read(Raw& raw, int argc, char** argv) {
  const GOptionEntry entries[] = {
      {"out", 'o', 0, G_OPTION_ARG_FILENAME, &raw.out, "Folder for the report", "DIR"},
      {"models", 0, 0, G_OPTION_ARG_FILENAME, &raw.models,
       "Folder with detectors/, recognition/ and quality/: all .cfg and .onnx in them", "DIR"},
      {"detector", 'd', 0, G_OPTION_ARG_STRING_ARRAY, &raw.detectors,
       "A face detection network: a file as of the element's detector-model, or\n"
       "faster-rcnn:WEIGHTS,CONFIG; may be repeated",
       "MODEL"},
      {"embedder", 'e', 0, G_OPTION_ARG_STRING_ARRAY, &raw.embedders,
       "A face recognition network, FILE[,CONFIG][,size=N][,input=RANGE][,bgr]: N pixels (112);\n"
       "RANGE imagenet (the default), -1..1, 0..1 or 0..255; may be repeated",
       "MODEL"},
      {"quality", 'q', 0, G_OPTION_ARG_FILENAME_ARRAY, &raw.quality,
       "A face quality network; may be repeated", "FILE"},
      {"landmark-model", 0, 0, G_OPTION_ARG_FILENAME, &raw.landmarks, "dlib's 68 points", "FILE"},
      {"seed", 's', 0, G_OPTION_ARG_INT64, &raw.seed, "Of every random draw; default 1", "N"},
      {"per-person", 'p', 0, G_OPTION_ARG_INT, &raw.per_person,
       "Only people with so many pictures, and the first so many of each; default: all", "N"},
      {"jobs", 'j', 0, G_OPTION_ARG_INT, &raw.jobs, "Threads; default: one a core", "N"},
      {"method", 'm', 0, G_OPTION_ARG_STRING_ARRAY, &raw.methods,
       "For the table: a method; may be repeated; default: all", "NAME"},
      {"regions", 'r', 0, G_OPTION_ARG_STRING_ARRAY, &raw.regions,
       "For the table: regions; may be repeated; default eyes+nose+mouth", "REGIONS"},
      {"pixels", 'n', 0, G_OPTION_ARG_STRING_ARRAY, &raw.pixels,
       "For the table: pixels a face, 0: all of the regions; may be repeated; default 8000", "N"},
      {"cell-size", 'c', 0, G_OPTION_ARG_INT, &raw.cell_size, "For the table: pixels; default 1",
       "N"},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &raw.folders, nullptr, nullptr},
      {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr}};
  examples::parse_options("DATASET...", summary, entries, argc, argv);
  if (!raw.folders) throw Failure("at least one DATASET is needed; see --help");
  if (raw.jobs < 0) throw Failure("--jobs cannot be negative");
  if (raw.per_person < 0) throw Failure("--per-person cannot be negative");
  if (raw.cell_size < 1) throw Failure("--cell-size must be at least 1");
  if (raw.out && (raw.methods || raw.regions || raw.pixels || raw.cell_size != 1))
    throw Failure("--method, --regions, --pixels and --cell-size are for the table without --out");
}

std::vector<std::string> list(gchar** values, std::vector<std::string> otherwise = {}) {
  if (!values) return otherwise;
  return {values, values + g_strv_length(values)};
}

void add_models(const fs::path& folder, eval::Models& models) {
  if (!fs::is_directory(folder)) throw Failure("'" + folder.string() + "' is no folder");
  const auto add = [&](const char* kind, std::vector<std::string>& to) {
    if (!fs::is_directory(folder / kind)) return;
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(folder / kind))
      if (entry.path().extension() == ".onnx" || entry.path().extension() == ".cfg")
        found.push_back(entry.path());
    std::ranges::sort(found);
    to.insert(to.end(), found.begin(), found.end());
  };
  add("detectors", models.detectors);
  add("recognition", models.embedders);
  add("quality", models.quality);
}

int number(const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0)
    throw Failure("'" + text + "' is no number of pixels");
  return value;
}

Regions regions_of(const std::string& text) {
  Regions regions{};
  const Ptr<gchar*> parts(g_strsplit(text.c_str(), "+", -1));
  for (gchar** part = parts.get(); *part; ++part) {
    const auto known =
        std::ranges::find(region_table(), std::string_view(*part), &RegionInfo::name);
    if (known == region_table().end())
      throw Failure(std::string("there is no region '") + *part + "'");
    regions = regions | known->region;
  }
  if (regions == Regions{}) throw Failure("--regions names no region");
  return regions;
}

std::vector<eval::Variant> variants_of(const Raw& raw) {
  std::vector<eval::Variant> variants;
  const auto wanted = list(raw.methods);
  for (const auto& regions : list(raw.regions, {"eyes+nose+mouth"}))
    for (const auto& pixels : list(raw.pixels, {"8000"}))
      for (eval::Variant variant : eval::methods_on(regions_of(regions))) {
        const auto method = method_info(variant.settings.method).name;
        if (!wanted.empty() && std::ranges::find(wanted, method) == wanted.end()) continue;
        variant.settings.pixels = number(pixels);
        variant.settings.cell_size = raw.cell_size;
        variant.area += " n=" + pixels;
        variants.push_back(std::move(variant));
      }
  for (const auto& method : wanted)
    if (std::ranges::find(methods(), std::string_view(method), &MethodInfo::name) ==
        methods().end())
      throw Failure("there is no method '" + method + "'");
  return variants;
}

}  // namespace

Options parse(int argc, char** argv) {
  Raw raw;
  read(raw, argc, argv);
  Options options;
  for (const auto& folder : list(raw.folders)) options.datasets.emplace_back(folder);
  if (raw.out) options.out = raw.out;
  options.per_person = static_cast<std::size_t>(raw.per_person);
  options.plan.models = {raw.landmarks ? raw.landmarks : LANDMARK_MODEL, list(raw.detectors),
                         list(raw.embedders), list(raw.quality)};
  if (raw.models) add_models(raw.models, options.plan.models);
  options.plan.seed = static_cast<std::uint64_t>(raw.seed);
  options.plan.jobs = raw.jobs ? static_cast<std::size_t>(raw.jobs)
                               : std::max(1U, std::thread::hardware_concurrency());
  if (raw.out) options.plan.cache = options.out / "cache";
  options.variants = variants_of(raw);
  return options;
}

}  // namespace evaluation
