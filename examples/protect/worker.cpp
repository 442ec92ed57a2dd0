// SPDX-License-Identifier: LGPL-2.1-or-later
#include "worker.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <mutex>
#include <nlohmann/json.hpp>

#include "child.h"
#include "common/failure.h"
#include "common/interrupt.h"
#include "cost.h"
#include "file_state.h"
#include "work.h"

namespace protect {

using nlohmann::json;

namespace {

using Clock = std::chrono::steady_clock;

class Teller final : public Listener {
 public:
  Teller(FILE* out, bool accounted) : out_(out), accounted_(accounted) {}

  void begin(const Job& job) {
    job_ = &job;
    start_ = Clock::now();
    if (accounted_) source_ = state_of(job.input);
  }
  void progress(std::uint64_t frames, std::optional<double> done) override {
    tell({{"frames", frames}, {"part", done.value_or(0)}});
  }
  void note(const std::string& text) override { tell({{"note", escaped(text)}}); }
  void whole(const std::filesystem::path& file, const Summary& summary) override {
    if (!accounted_) return;
    flush(file);  // the account will say that it is done
    const std::string source = sha256(job_->input), output = sha256(file);
    if (state_of(job_->input) != source_)
      throw examples::Failure("it was changed while it was worked on");
    const auto written = state_of(file).value_or(FileState{});
    json facts{{"source_bytes", source_ ? source_->bytes : 0},
               {"source_time", source_ ? source_->time : 0},
               {"source_sha256", source},
               {"bytes", written.bytes},
               {"output_time", written.time},
               {"sha256", output},
               {"frames", summary.frames},
               {"faces", summary.faces},
               {"checked", summary.checked},
               {"held", summary.held},
               {"covered", summary.covered},
               {"dropped", summary.dropped},
               {"seconds", std::chrono::duration<double>(Clock::now() - start_).count()}};
    if (summary.judgement) facts["judge"] = *summary.judgement;
    tell({{"whole", facts}});
    if (!read_line(stdin).is_object()) throw examples::Failure("interrupted");
  }
  void tell(const json& message) {
    const std::lock_guard lock(mutex_);
    write_line(out_, message);
  }

 private:
  FILE* const out_;
  const bool accounted_;
  std::mutex mutex_;
  const Job* job_ = nullptr;
  std::optional<FileState> source_;
  Clock::time_point start_;
};

json answer(Work& work, Teller& teller, const json& request) {
  if (request.contains("estimate")) return {{"seconds", estimate(unescaped(request["estimate"]))}};
  const Job job{
      unescaped(request["input"]), unescaped(request["output"]), unescaped(request["record"]), {}};
  teller.begin(job);
  const Summary summary = work.run(job, teller);
  return {{"frames", summary.frames}, {"faces", summary.faces}, {"covered", summary.covered}};
}

}  // namespace

void serve(const Settings& settings, bool accounted) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  std::signal(SIGPIPE, SIG_IGN);
  // What a library prints is no answer.
  const Stream out(fdopen(dup(STDOUT_FILENO), "w"));
  dup2(STDERR_FILENO, STDOUT_FILENO);
  Teller teller(out.get(), accounted);
  Work work(settings);
  while (!examples::interrupt()) {
    const json request = read_line(stdin);
    if (!request.is_object()) return;
    try {
      teller.tell(answer(work, teller, request));
    } catch (const std::exception& error) {
      teller.tell({{"failure", escaped(error.what())}});
    }
  }
}

}  // namespace protect
