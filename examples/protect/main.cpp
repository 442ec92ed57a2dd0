// SPDX-License-Identifier: LGPL-2.1-or-later

// Protects the faces in videos and pictures, or in what a camera sends, and writes them to files.

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "command_line.h"
#include "common/command.h"
#include "common/interrupt.h"
#include "common/progress.h"
#include "plan.h"
#include "pool.h"
#include "record/key_file.h"
#include "source.h"
#include "work.h"

namespace {

using namespace protect;

class Screen final : public Listener {
 public:
  explicit Screen(std::string name) : name_(std::move(name)) {}
  void progress(std::uint64_t frames, std::optional<double> done) override {
    const std::lock_guard lock(mutex_);
    progress_.show(frames, done);
  }
  void note(const std::string& text) override {
    const std::lock_guard lock(mutex_);
    progress_.end();
    std::fprintf(stderr, "%s: %s\n", name_.c_str(), text.c_str());
  }
  void end() {
    const std::lock_guard lock(mutex_);
    progress_.end();
  }

 private:
  const std::string name_;
  std::mutex mutex_;
  examples::Progress progress_;
};

void run_one(const CommandLine& line, const Job& job) {
  Screen screen(make_source(job.input).name);
  const Summary summary = Work(line.settings).run(job, screen);
  screen.end();
  std::printf("%" PRIu64 " frames, %" PRIu64 " faces, %" PRIu64 " frames covered\n", summary.frames,
              summary.faces, summary.covered);
  if (summary.dropped > 0)
    std::printf("%" PRIu64 " frames could not be checked and were left out\n", summary.dropped);
  if (summary.late > 0)
    std::printf("%" PRIu64 " frames came faster than they could be protected and were left out\n",
                summary.late);
  std::printf("%s\n", job.output.c_str());
  if (summary.before_after) std::printf("%s\n", line.settings.before_after.c_str());
}

int run_many(const CommandLine& line, const Plan& plan, const std::vector<std::string>& arguments) {
  if (plan.left_out > 0)
    std::fprintf(stderr, "%zu files are neither video nor picture by their names: left out\n",
                 plan.left_out);
  const Total total = run_pool(plan, line.jobs, line.verbose, arguments);
  std::printf("%zu files protected, %zu failed; %" PRIu64 " frames, %" PRIu64 " faces, %" PRIu64
              " frames covered; no face found in %zu files\n",
              total.files, total.failed, total.frames, total.faces, total.covered, total.faceless);
  return total.failed > 0 ? 1 : 0;
}

// GLib knows -j 4, but not -j4.
std::string spelled_out(const std::string& argument) {
  if (argument.size() < 3 || argument.find_first_not_of("0123456789.", 2) != std::string::npos)
    return argument;
  for (const auto& [letter, name] : {std::pair{"-j", "jobs"}, {"-q", "quality"}, {"-s", "seconds"}})
    if (argument.starts_with(letter)) return std::string("--") + name + "=" + argument.substr(2);
  return argument;
}

int run(std::vector<std::string> arguments) {
  std::ranges::transform(arguments, arguments.begin(), spelled_out);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  int argc = static_cast<int>(pointers.size());
  pointers.push_back(nullptr);
  char** argv = pointers.data();
  const CommandLine line = parse(argc, argv);
  if (!line.new_key.empty()) {
    faceperturb::write_key_file(line.new_key);
    return 0;
  }
  examples::catch_interrupts();
  int code = 0;
  if (line.worker) {
    serve(line.settings);
  } else {
    const Plan plan = make_plan(line.inputs, line.target, line.settings.element);
    check(line.settings, plan);
    for (const auto& note : plan.notes) std::fprintf(stderr, "%s\n", note.c_str());
    arguments.front() = "/proc/self/exe";
    arguments.insert(arguments.begin() + 1, "--worker");
    if (!plan.one)
      code = run_many(line, plan, arguments);
    else
      run_one(line, plan.jobs.front());
  }
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  const int code = examples::run_program("faceperturb", [&] { return run({argv, argv + argc}); });
  if (code != 2 && examples::interrupt() && code != 0) examples::die_of_interrupt();
  return code;
}
