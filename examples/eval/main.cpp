// SPDX-License-Identifier: LGPL-2.1-or-later

// Measures how much a protected face still shows, and how much of the picture is left.

#include <algorithm>
#include <clocale>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <opencv2/core/utility.hpp>
#include <opencv2/imgcodecs.hpp>
#include <string>

#include "common/failure.h"
#include "common/gst_ptr.h"
#include "eval/datasets.h"
#include "eval/identification.h"
#include "eval/measure.h"
#include "eval/metrics.h"
#include "eval/parallel.h"
#include "eval/seed.h"

using examples::Failure;
using examples::Ptr;
using namespace faceperturb;
using namespace faceperturb::eval;

namespace fs = std::filesystem;

namespace {

constexpr double same_place = 0.5;  // overlap at which a face counts as found again

struct Options {
  gchar** methods = nullptr;
  gchar** regions = nullptr;
  gchar** pixels = nullptr;
  gchar* cell_size = nullptr;
  gchar* models = nullptr;
  gchar* landmarks = nullptr;
  gchar** embedders = nullptr;
  gchar** detectors = nullptr;
  gchar** quality = nullptr;
  gint64 seed = 1;
  gint jobs = 2;
  gchar** folders = nullptr;

  ~Options() {
    for (gchar** list : {methods, regions, pixels, embedders, detectors, quality, folders})
      g_strfreev(list);
    for (gchar* text : {cell_size, models, landmarks}) g_free(text);
  }
};

void parse(Options& options, int& argc, char**& argv) {
  const GOptionEntry entries[] = {
      {"method", 'm', 0, G_OPTION_ARG_STRING_ARRAY, &options.methods,
       "A method; may be repeated; default: all", "NAME"},
      {"regions", 'r', 0, G_OPTION_ARG_STRING_ARRAY, &options.regions,
       "Regions, as eyes+nose+mouth; may be repeated", "REGIONS"},
      {"pixels", 'n', 0, G_OPTION_ARG_STRING_ARRAY, &options.pixels,
       "Pixels a face, 0: all of the regions; may be repeated; default 8000", "N"},
      {"cell-size", 'c', 0, G_OPTION_ARG_STRING, &options.cell_size, "Pixels; default 1", "N"},
      {"models", 0, 0, G_OPTION_ARG_FILENAME, &options.models,
       "Folder with detectors/, recognition/ and quality/: every model in them", "DIR"},
      {"landmark-model", 0, 0, G_OPTION_ARG_FILENAME, &options.landmarks, "dlib's 68 points",
       "FILE"},
      {"embedder", 'e', 0, G_OPTION_ARG_FILENAME_ARRAY, &options.embedders,
       "A face recognition network; may be repeated", "FILE"},
      {"detector-model", 'd', 0, G_OPTION_ARG_FILENAME_ARRAY, &options.detectors,
       "A face detection network; may be repeated", "FILE"},
      {"quality", 'q', 0, G_OPTION_ARG_FILENAME_ARRAY, &options.quality,
       "A face quality network; may be repeated", "FILE"},
      {"seed", 's', 0, G_OPTION_ARG_INT64, &options.seed, "Of every random draw; default 1", "N"},
      {"jobs", 'j', 0, G_OPTION_ARG_INT, &options.jobs, "Threads; default 2", "N"},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.folders, nullptr, nullptr},
      {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr}};
  const Ptr<GOptionContext> context(g_option_context_new("DATASET..."));
  g_option_context_set_summary(context.get(),
                               "Measures what protected faces still show. A DATASET is a folder "
                               "with a folder of pictures for each person.");
  g_option_context_add_main_entries(context.get(), entries, nullptr);
  GError* error = nullptr;
  if (!g_option_context_parse(context.get(), &argc, &argv, &error)) {
    const Ptr<GError> owned(error);
    throw Failure(error->message);
  }
  if (!options.folders) throw Failure("at least one DATASET is needed; see --help");
  if (options.jobs < 1) throw Failure("--jobs must be at least 1");
}

std::vector<std::string> list(gchar** values, std::vector<std::string> otherwise = {}) {
  if (!values) return otherwise;
  return {values, values + g_strv_length(values)};
}

// The models of a folder: those of its sub-folders that are named for what they hold.
void add_models(const fs::path& folder, Models& models) {
  const auto add = [&](const char* kind, std::vector<std::string>& to,
                       std::initializer_list<const char*> extensions) {
    if (!fs::is_directory(folder / kind)) return;
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(folder / kind))
      if (std::ranges::find(extensions, entry.path().extension()) != extensions.end())
        found.push_back(entry.path());
    std::ranges::sort(found);
    to.insert(to.end(), found.begin(), found.end());
  };
  if (!fs::is_directory(folder)) throw Failure("'" + folder.string() + "' is no folder");
  add("detectors", models.detectors, {".cfg", ".onnx", ".dat"});
  add("recognition", models.embedders, {".onnx"});
  add("quality", models.quality, {".onnx"});
}

Models models_of(const Options& options) {
  Models models{options.landmarks ? options.landmarks : LANDMARK_MODEL, list(options.detectors),
                list(options.embedders), list(options.quality)};
  if (options.models) add_models(options.models, models);
  return models;
}

int number(const std::string& text, int least) {
  std::size_t used = 0;
  int value = 0;
  try {
    value = std::stoi(text, &used);
  } catch (const std::exception&) {
  }
  if (used != text.size() || value < least)
    throw Failure("'" + text + "' is no number of " + std::to_string(least) + " or more");
  return value;
}

Regions regions_of(const std::string& text) {
  Regions regions{};
  const Ptr<gchar*> parts(g_strsplit(text.c_str(), "+", -1));
  for (gchar** part = parts.get(); *part; ++part) {
    const auto known =
        std::ranges::find(region_table(), std::string_view(*part), &RegionInfo::name);
    if (known == region_table().end()) throw Failure(std::string("no region '") + *part + "'");
    regions = regions | known->region;
  }
  return regions;
}

std::vector<Variant> variants_of(const Options& options) {
  std::vector<std::string> all;
  for (const auto& method : methods()) all.emplace_back(method.name);
  std::vector<Variant> variants;
  for (const auto& method : list(options.methods, all)) {
    const auto known = std::ranges::find(methods(), std::string_view(method), &MethodInfo::name);
    if (known == methods().end()) throw Failure("no method '" + method + "'");
    for (const auto& regions : list(options.regions, {"eyes+nose+mouth"}))
      for (const auto& pixels : list(options.pixels, {"8000"})) {
        Settings settings;
        settings.method = known->method;
        settings.regions = regions_of(regions);
        settings.pixels = number(pixels, 0);
        settings.cell_size = number(options.cell_size ? options.cell_size : "1", 1);
        variants.push_back({method + " " + regions + " n=" + pixels, settings});
      }
  }
  return variants;
}

struct Clear {
  const Sample* sample;
  cv::Mat bgr;
  std::optional<Subject> subject;
  Look look;
};

// The pictures of one set, and what the instruments say about them as they are.
std::vector<Clear> look_at_clear(const Dataset& set, std::vector<Instruments>& instruments) {
  std::vector<Clear> clear(set.samples.size());
  const auto names = instruments.front().detector_names();
  parallel_for(clear.size(), instruments.size(), [&](std::size_t worker, std::size_t i) {
    Clear& c = clear[i];
    c.sample = &set.samples[i];
    c.bgr = cv::imread(set.samples[i].file, cv::IMREAD_COLOR);
    if (c.bgr.empty()) {
      std::fprintf(stderr, "'%s' cannot be read as a picture\n", set.samples[i].file.c_str());
      return;
    }
    c.look.detections = instruments[worker].detect(c.bgr);
    if (const auto face = main_face(c.look.detections, names, c.bgr.size()))
      c.subject = make_subject(instruments[worker], c.bgr, *face);
  });
  std::map<std::pair<int, int>, std::vector<Rect>> boxes;
  for (const Clear& c : clear)
    if (c.subject) boxes[{c.bgr.cols, c.bgr.rows}].push_back(c.subject->face.box);
  parallel_for(clear.size(), instruments.size(), [&](std::size_t worker, std::size_t i) {
    Clear& c = clear[i];
    if (c.bgr.empty()) return;
    if (!c.subject) {
      const auto box = median_box(boxes[{c.bgr.cols, c.bgr.rows}]);
      if (!box) return;
      c.subject = make_subject(instruments[worker], c.bgr, {*box, "median box"});
    }
    c.look = look_at(instruments[worker], c.bgr, c.subject->points);
  });
  std::erase_if(clear, [](const Clear& c) { return !c.subject; });
  return clear;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? NAN : sum / static_cast<double>(values.size());
}

// Share of the faces that a detector saw in the clear picture and sees again.
double recall(const std::vector<Clear>& clear, const std::vector<Look>& now, std::size_t detector) {
  int seen = 0, again = 0;
  for (std::size_t i = 0; i < clear.size(); ++i) {
    const Rect& box = clear[i].subject->face.box;
    for (const auto& before : clear[i].look.detections[detector]) {
      if (iou(before.box, box) < 0.4) continue;
      ++seen;
      again += std::ranges::any_of(now[i].detections[detector], [&](const Detection& after) {
        return iou(after.box, before.box) >= same_place;
      });
      break;
    }
  }
  return seen ? static_cast<double>(again) / seen : NAN;
}

void print_row(const std::string& name, const std::vector<double>& values) {
  std::printf("%-34s", name.c_str());
  for (const double value : values) std::printf(" %9.4g", value);
  std::printf("\n");
  std::fflush(stdout);
}

void print_head(const Instruments& tools) {
  std::printf("%-34s %9s %9s %9s", "", "SSIM", "PSNR", "ms/face");
  for (const auto& name : tools.embedder_names())
    std::printf(" %4.4s:clear %3.3s:parrot", name.c_str(), name.c_str());
  for (const auto& name : tools.detector_names()) std::printf(" %9.9s", name.c_str());
  for (const auto& name : tools.quality_names()) std::printf(" %9.9s", name.c_str());
  std::printf("\n");
}

void evaluate(const Dataset& set, const std::vector<Variant>& variants,
              std::vector<Instruments>& instruments, std::uint64_t seed) {
  const auto clear = look_at_clear(set, instruments);
  std::vector<std::string> people;
  std::map<std::string, int> sources;
  for (const Clear& c : clear) {
    ++sources[c.subject->source];
    people.push_back(c.sample->person);
  }
  std::printf("%s: %zu pictures; boxes by", set.name.c_str(), clear.size());
  for (const auto& [source, count] : sources) std::printf(" %s %d", source.c_str(), count);
  std::printf("\n");
  print_head(instruments.front());

  const auto row = [&](const std::string& name, std::vector<double> values,
                       const std::vector<Look>& looks) {
    const std::size_t embedders = looks.front().embeddings.size();
    for (std::size_t e = 0; e < embedders; ++e) {
      std::vector<Embedding> before, after;
      for (const Clear& c : clear) before.push_back(c.look.embeddings[e]);
      for (const Look& look : looks) after.push_back(look.embeddings[e]);
      values.push_back(rank_one(after, before, people));
      values.push_back(rank_one(after, after, people));
    }
    for (std::size_t d = 0; d < looks.front().detections.size(); ++d)
      values.push_back(recall(clear, looks, d));
    for (std::size_t q = 0; q < looks.front().quality.size(); ++q) {
      std::vector<double> all;
      for (const Look& look : looks) all.push_back(look.quality[q]);
      values.push_back(mean(all));
    }
    print_row(name, values);
  };

  std::vector<Look> looks;
  for (const Clear& c : clear) looks.push_back(c.look);
  row("clear", {1, INFINITY, 0}, looks);
  for (const Variant& variant : variants) {
    std::vector<double> similarity(clear.size()), noise(clear.size()), time(clear.size());
    parallel_for(clear.size(), instruments.size(), [&](std::size_t worker, std::size_t i) {
      const Clear& c = clear[i];
      const auto result =
          protect(c.bgr, c.subject->face, variant.settings, seed + hash(c.sample->file.c_str()));
      similarity[i] = ssim(c.bgr, result.bgr);
      noise[i] = psnr(c.bgr, result.bgr);
      time[i] = result.milliseconds;
      looks[i] = look_at(instruments[worker], result.bgr, c.subject->points);
    });
    row(variant.name, {mean(similarity), mean(noise), mean(time)}, looks);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_ALL, "");
  g_set_prgname("faceperturb-eval");
  try {
    Options options;
    parse(options, argc, argv);
    cv::setNumThreads(1);
    const auto variants = variants_of(options);
    const Models models = models_of(options);
    std::vector<Instruments> instruments;
    for (int i = 0; i < options.jobs; ++i) instruments.emplace_back(models);
    for (const auto& folder : list(options.folders))
      evaluate(load_dataset(folder), variants, instruments,
               static_cast<std::uint64_t>(options.seed));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "faceperturb-eval: %s\n", error.what());
    return 1;
  }
}
