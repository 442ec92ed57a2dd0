// SPDX-License-Identifier: LGPL-2.1-or-later

// Measures how much a protected face still shows, and how much of the picture is left.

#include <gst/gst.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <opencv2/core/utility.hpp>
#include <optional>
#include <string>
#include <vector>

#include "common/command.h"
#include "common/progress.h"
#include "eval/evaluation.h"
#include "eval/plot.h"
#include "options.h"
#include "video.h"

using namespace faceperturb::eval;
using evaluation::Options;

namespace {

std::vector<Dataset> load(const Options& options, std::vector<std::string>& faults) {
  std::vector<Dataset> sets;
  for (const auto& folder : options.datasets) {
    try {
      Dataset set = load_dataset(folder);
      if (options.per_person > 0) keep_per_person(set, options.per_person);
      if (set.samples.empty() && set.clips.empty())
        throw DatasetError("'" + folder.string() + "' has nobody with " +
                           std::to_string(options.per_person) + " pictures");
      sets.push_back(std::move(set));
    } catch (const DatasetError& error) {
      faults.emplace_back(error.what());
    }
  }
  if (sets.empty()) throw examples::Failure(faults.front());
  return sets;
}

void print_head(const Study& study, const Summary& clear) {
  std::printf("\n%s: %zu pictures\n%-32s %7s %7s %7s", study.set().name.c_str(),
              study.pictures().size(), "", "SSIM", "PSNR", "ms");
  for (const auto& [name, attack] : clear.attacks) std::printf("  %10.10s parrot", name.c_str());
  for (const auto& name : study.detectors()) std::printf(" %10.10s", name.c_str());
  for (const auto& name : study.meters()) std::printf(" %10.10s", name.c_str());
  std::printf("\n");
}

void print_row(const std::string& name, const Summary& s) {
  std::printf("%-32s %7.4f %7.2f %7.3f", name.c_str(), s.ssim, s.psnr, s.milliseconds);
  for (const auto& [embedder, attack] : s.attacks)
    std::printf("  %10.3f %6.3f", attack.clear_gallery.rank_one.value,
                attack.parrot.rank_one.value);
  for (const auto& detector : s.detectors) std::printf(" %10.3f", detector.recall);
  for (const double value : s.quality) std::printf(" %10.3f", value);
  std::printf("\n");
}

void print_faults(const std::vector<std::string>& faults) {
  for (const auto& fault : faults) std::fprintf(stderr, "faceperturb-eval: %s\n", fault.c_str());
}

// The chosen settings, a row each. Returns whether anything could be measured, as does the next.
bool print_tables(const Options& options, std::vector<Dataset> sets) {
  bool measured = false;
  for (Dataset& set : sets) {
    Study study(std::move(set), options.plan);
    if (!study.pictures().empty()) {
      measured = true;
      const Summarizer summarizer(study, options.plan.seed);
      const Summary clear = summarizer.clear();
      print_head(study, clear);
      print_row("clear", clear);
      for (const Variant& variant : options.variants)
        print_row(variant.name(), summarizer.of(study.run({variant})));
    }
    print_faults(study.set().faults);
  }
  return measured;
}

// Says, when the user stops the program, that nothing is lost.
void interrupted(int signal) {
  static constexpr char words[] =
      "\nfaceperturb-eval: interrupted; the same command goes on where it was stopped\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, words, sizeof words - 1);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

bool write_report(Options& options, std::vector<Dataset> sets, std::vector<std::string> faults,
                  std::string command) {
  need_gnuplot();
  for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, interrupted);
  if (std::ranges::any_of(sets, [](const Dataset& set) { return !set.clips.empty(); }))
    evaluation::need_element();
  std::size_t done = 0, all = 0;
  for (const Dataset& set : sets) all += steps(set) + evaluation::steps(set);
  std::mutex mutex;
  examples::Progress progress("steps");
  options.plan.step = [&] {
    const std::lock_guard lock(mutex);
    ++done;
    progress.show(done, static_cast<double>(done) / static_cast<double>(all));
  };

  bool measured = false;
  Report report{"How much protected faces still show", std::move(command), {protocol()}};
  for (Dataset& set : sets) {
    if (!set.clips.empty()) {
      const Section section = evaluation::evaluate_clips(set, options.plan, faults);
      measured |=
          std::ranges::any_of(section.tables, [](const Table& t) { return !t.rows.empty(); });
      report.sections.push_back(section);
      faults.insert(faults.end(), set.faults.begin(), set.faults.end());
      continue;
    }
    const Evaluation evaluation = evaluate(std::move(set), options.plan);
    measured |= !evaluation.study->pictures().empty();
    report.sections.push_back(section_of(evaluation, options.plan.seed));
    const auto& more = evaluation.study->set().faults;
    faults.insert(faults.end(), more.begin(), more.end());
  }
  progress.end();
  Section missing{"What could not be used (" + std::to_string(faults.size()) + ")", faults, {}, {}};
  report.sections.push_back(std::move(missing));
  write(report, options.out);
  print_faults(faults);
  std::printf("%s\n", (options.out / "index.html").c_str());
  return measured;
}

std::string command_of(int argc, char** argv) {
  std::string command = "faceperturb-eval";
  for (int i = 1; i < argc; ++i) {
    command += ' ';
    command += argv[i];
  }
  return command;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::run_program("faceperturb-eval", [&] {
    std::setlocale(LC_NUMERIC, "C");  // gnuplot and the files read points, not commas
    std::string command = command_of(argc, argv);
    Options options = evaluation::parse(argc, argv);
    cv::setNumThreads(1);  // each of our own threads has a core
    std::vector<std::string> faults;
    auto sets = load(options, faults);
    bool measured = false;
    if (options.out.empty()) {
      measured = print_tables(options, std::move(sets));
      print_faults(faults);
    } else {
      measured = write_report(options, std::move(sets), std::move(faults), std::move(command));
    }
    if (!measured) throw examples::Failure("nothing could be measured");
    return 0;
  });
}
