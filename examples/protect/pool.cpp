// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pool.h"

#include <glib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cinttypes>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "common/failure.h"
#include "common/gst_ptr.h"
#include "common/interrupt.h"
#include "common/output_file.h"
#include "common/progress.h"
#include "work.h"

namespace protect {

using examples::Failure;
using examples::Ptr;
using nlohmann::json;

namespace {

// --- Lines of JSON between the processes --------------------------------------------------------

struct CloseFile {
  void operator()(FILE* file) const { std::fclose(file); }
};
using Stream = std::unique_ptr<FILE, CloseFile>;

// File names need not be UTF-8, JSON must be.
std::string escaped(const std::string& name) {
  const Ptr<gchar> text(g_uri_escape_string(name.c_str(), "/", FALSE));
  return text.get();
}

std::string unescaped(const json& text) {
  const Ptr<gchar> name(g_uri_unescape_string(text.get<std::string>().c_str(), nullptr));
  return name ? name.get() : "";
}

bool write_line(FILE* file, const json& message) {
  const std::string line = message.dump() + '\n';
  return std::fwrite(line.data(), 1, line.size(), file) == line.size() && std::fflush(file) == 0;
}

// Nothing at the end.
json read_line(FILE* file) {
  char* line = nullptr;
  std::size_t capacity = 0;
  const auto length = getline(&line, &capacity, file);
  const std::unique_ptr<char, decltype(&std::free)> owned(line, std::free);
  if (length <= 0) return {};
  return json::parse(line, line + length, nullptr, false);
}

// --- The process that is started -----------------------------------------------------------------

class Teller final : public Listener {
 public:
  explicit Teller(FILE* out) : out_(out) {}
  void progress(std::uint64_t frames, std::optional<double> done) override {
    tell({{"frames", frames}, {"part", done.value_or(0)}});
  }
  void note(const std::string& text) override { tell({{"note", escaped(text)}}); }
  void tell(const json& message) {
    const std::lock_guard lock(mutex_);
    write_line(out_, message);
  }

 private:
  FILE* const out_;
  std::mutex mutex_;
};

// --- The process that starts them ----------------------------------------------------------------

class Child {
 public:
  explicit Child(const std::vector<std::string>& arguments) {
    std::vector<gchar*> argv;
    for (const auto& argument : arguments) argv.push_back(const_cast<gchar*>(argument.c_str()));
    argv.push_back(nullptr);
    gint in = -1, out = -1;
    GError* error = nullptr;
    if (!g_spawn_async_with_pipes(nullptr, argv.data(), nullptr, G_SPAWN_DO_NOT_REAP_CHILD, nullptr,
                                  nullptr, &pid_, &in, &out, nullptr, &error)) {
      const Ptr<GError> owned(error);
      throw Failure(error->message);
    }
    in_.reset(fdopen(in, "w"));
    out_.reset(fdopen(out, "r"));
  }
  ~Child() {
    in_.reset();  // which ends it
    int status = 0;
    waitpid(pid_, &status, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  bool tell(const json& message) { return write_line(in_.get(), message); }
  json hear() { return read_line(out_.get()); }
  void stop() const { kill(pid_, SIGTERM); }
  int process() const { return pid_; }

 private:
  GPid pid_ = 0;
  Stream in_, out_;
};

class Pool {
 public:
  Pool(const Plan& plan, bool verbose, const std::vector<std::string>& arguments)
      : plan_(plan), verbose_(verbose), arguments_(arguments) {}

  Total run(std::size_t jobs) {
    std::vector<std::thread> threads;
    workers_.resize(std::min(jobs, plan_.jobs.size()));
    running_ = workers_.size();
    for (Worker& worker : workers_) threads.emplace_back([this, &worker] { serve(worker); });
    {
      std::unique_lock lock(mutex_);
      while (
          !changed_.wait_for(lock, std::chrono::milliseconds(200), [&] { return running_ == 0; })) {
        if (examples::interrupt())
          for (const Worker& worker : workers_)
            if (worker.child) worker.child->stop();
        show_progress();
      }
      show_progress();
    }
    progress_.end();
    for (std::thread& thread : threads) thread.join();
    total_.failed = plan_.jobs.size() - total_.files;
    return total_;
  }

 private:
  struct Worker {
    std::unique_ptr<Child> child;
    double part = 0;  // of its file that is done
  };

  // Each in a thread of its own.
  void serve(Worker& worker) {
    for (std::unique_lock lock(mutex_); next_ < plan_.jobs.size() && !examples::interrupt();) {
      const Job& job = plan_.jobs[next_++];
      try {
        if (!worker.child) worker.child = std::make_unique<Child>(arguments_);
        Child& child = *worker.child;
        lock.unlock();
        const bool alive = child.tell({{"input", escaped(job.input)},
                                       {"output", escaped(job.output.string())},
                                       {"record", escaped(job.record)}});
        for (bool open = alive; open;) {
          const json message = child.hear();
          lock.lock();
          open = hear(worker, job, message);
          lock.unlock();
        }
        lock.lock();
        if (!alive) hear(worker, job, {});
      } catch (const std::exception& error) {
        if (!lock.owns_lock()) lock.lock();
        fail(job.input + ": " + error.what());
      }
      worker.part = 0;
      ++ended_;
    }
    std::unique_ptr<Child> child;
    {
      const std::lock_guard lock(mutex_);
      child = std::move(worker.child);
    }
    child.reset();
    const std::lock_guard lock(mutex_);
    --running_;
    changed_.notify_all();
  }

  // Whether more is to come about this file.
  bool hear(Worker& worker, const Job& job, const json& message) {
    if (!message.is_object()) {
      const int process = worker.child->process();
      worker.child.reset();
      std::error_code ignored;
      std::filesystem::remove(examples::OutputFile::temporary_of(job.output, process), ignored);
      if (!examples::interrupt()) fail(job.input + ": the process that worked on it has died");
    } else if (message.contains("part")) {
      worker.part = message["part"];
      return true;
    } else if (message.contains("note")) {
      print(job.input + ": " + unescaped(message["note"]));
      return true;
    } else if (message.contains("failure")) {
      fail(unescaped(message["failure"]));
    } else {
      add(job, message);
    }
    return false;
  }

  void add(const Job& job, const json& summary) {
    const std::uint64_t frames = summary["frames"], faces = summary["faces"];
    ++total_.files;
    total_.frames += frames;
    total_.faces += faces;
    total_.covered += summary["covered"].get<std::uint64_t>();
    total_.faceless += faces == 0;
    if (!verbose_) return;
    progress_.end();
    std::printf("%s: %" PRIu64 " frames, %" PRIu64 " faces\n", job.output.c_str(), frames, faces);
    std::fflush(stdout);
  }

  void fail(const std::string& why) {
    if (!examples::interrupt()) print(why);
  }

  void print(const std::string& line) {
    progress_.end();
    std::fprintf(stderr, "faceperturb: %s\n", line.c_str());
  }

  void show_progress() {
    double done = static_cast<double>(ended_);
    for (const Worker& worker : workers_) done += worker.part;
    progress_.show(ended_, done / static_cast<double>(plan_.jobs.size()));
  }

  const Plan& plan_;
  const bool verbose_;
  const std::vector<std::string>& arguments_;

  std::mutex mutex_;  // of all that follows
  std::condition_variable changed_;
  std::vector<Worker> workers_;
  std::size_t next_ = 0, ended_ = 0, running_ = 0;
  Total total_;
  examples::Progress progress_{"files"};
};

}  // namespace

Total run_pool(const Plan& plan, int jobs, bool verbose,
               const std::vector<std::string>& arguments) {
  std::signal(SIGPIPE, SIG_IGN);  // a process that died
  return Pool(plan, verbose, arguments).run(static_cast<std::size_t>(jobs));
}

void serve(const Settings& settings) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  std::signal(SIGPIPE, SIG_IGN);
  // What a library prints is no answer.
  const Stream out(fdopen(dup(STDOUT_FILENO), "w"));
  dup2(STDERR_FILENO, STDOUT_FILENO);
  Teller teller(out.get());
  Work work(settings);
  while (!examples::interrupt()) {
    const json job = read_line(stdin);
    if (!job.is_object()) return;
    try {
      const Summary summary = work.run(
          {unescaped(job["input"]), unescaped(job["output"]), unescaped(job["record"])}, teller);
      teller.tell(
          {{"frames", summary.frames}, {"faces", summary.faces}, {"covered", summary.covered}});
    } catch (const std::exception& error) {
      teller.tell({{"failure", escaped(error.what())}});
    }
  }
}

}  // namespace protect
