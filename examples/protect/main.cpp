// SPDX-License-Identifier: LGPL-2.1-or-later

// Protects the faces in videos and pictures, or in what a camera sends, and writes them to files.

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "archive.h"
#include "command_line.h"
#include "common/command.h"
#include "common/interrupt.h"
#include "common/progress.h"
#include "plan.h"
#include "pool.h"
#include "record/key_file.h"
#include "source.h"
#include "work.h"
#include "worker.h"

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

void print(const Judgement& judgement) {
  std::printf("the judge looked at %" PRIu64 " frames and saw %" PRIu64 " faces, of which %" PRIu64
              " left clear, in %" PRIu64 " frames, at most %" PRIu64 " of them in a row\n",
              judgement.looked, judgement.faces, judgement.leaks, judgement.frames,
              judgement.longest);
}

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
  if (summary.judgement) print(*summary.judgement);
  std::printf("%s\n", job.output.c_str());
  if (summary.before_after) std::printf("%s\n", line.settings.before_after.c_str());
}

// The rounds of work on many files.
struct Many {
  const CommandLine& line;
  const std::vector<std::string>& arguments;  // of the processes that work
  Archive* archive;
  Total total;

  void work(const std::vector<Job>& jobs) {
    run_pool(jobs, line.jobs, line.verbose, arguments, archive, total);
  }
  // What failed may have failed for a reason that passes.
  void try_again() {
    for (int tries = 1; tries < line.tries && !total.failed.empty() && !examples::interrupt();
         ++tries) {
      std::fprintf(stderr, "%zu files are tried again\n", total.failed.size());
      work(std::exchange(total.failed, {}));
    }
  }
  void wait_for_others() {
    if (!total.elsewhere.empty())
      std::fprintf(stderr, "another process works on %zu files: waiting for it\n",
                   total.elsewhere.size());
    while (!total.elsewhere.empty() && !examples::interrupt()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
      work(std::exchange(total.elsewhere, {}));
    }
  }
};

// Says what all processes together have done.
int sum_up(Archive& archive, const Plan& plan, const std::string& manifest) {
  const Outcome outcome = archive.summarize(plan.jobs);
  for (const auto& why : outcome.failures) std::fprintf(stderr, "failed: %s\n", why.c_str());
  std::printf("%zu of %zu files done, %zu failed, %zu not done; %" PRIu64 " frames: %" PRIu64
              " checked, %" PRIu64 " held, %" PRIu64 " covered, %" PRIu64 " left out; %" PRIu64
              " faces; no face found in %zu files\n",
              outcome.done, outcome.files, outcome.failed, outcome.open, outcome.frames,
              outcome.checked, outcome.held, outcome.covered, outcome.dropped, outcome.faces,
              outcome.faceless);
  if (outcome.judgement) print(*outcome.judgement);
  std::printf("%s\n", manifest.c_str());
  return outcome.done < outcome.files ? 1 : 0;
}

int run_many(const CommandLine& line, const Plan& plan, const std::vector<std::string>& arguments) {
  if (plan.left_out > 0)
    std::fprintf(stderr, "%zu files are neither video nor picture by their names: left out\n",
                 plan.left_out);
  std::optional<Archive> archive;
  if (!line.manifest.empty()) archive.emplace(line.manifest, line.settings);
  if (line.sum_up) return sum_up(*archive, plan, line.manifest);

  std::vector<Job> jobs = plan.jobs;
  if (line.shards > 1) jobs = archive->part(jobs, line.shard, line.shards, arguments);
  const std::size_t files = jobs.size();
  Many many{line, arguments, archive ? &*archive : nullptr, {}};
  if (archive) many.total.done_before = archive->take_out_done(jobs);
  many.work(jobs);
  many.try_again();
  many.wait_for_others();
  const Total& total = many.total;
  const std::size_t failed = files - total.done_before - total.files;
  std::printf("%zu files protected, %zu failed; %" PRIu64 " frames, %" PRIu64 " faces, %" PRIu64
              " frames covered; no face found in %zu files\n",
              total.files, failed, total.frames, total.faces, total.covered, total.faceless);
  if (total.done_before > 0) std::printf("%zu files were done before\n", total.done_before);
  if (archive && line.shards == 1 && !examples::interrupt())
    return sum_up(*archive, plan, line.manifest);
  return failed > 0 ? 1 : 0;
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
    serve(line.settings, !line.manifest.empty());
  } else {
    const Plan plan = make_plan(line.inputs, line.target, line.settings.element, line.list);
    if (plan.one && !line.manifest.empty())
      throw examples::UsageError("--manifest is for a folder as OUTPUT: end it in a slash");
    check(line.settings, plan);
    if (line.shard == 0 && !line.sum_up)
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
