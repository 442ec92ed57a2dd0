// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pool.h"

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "archive.h"
#include "child.h"
#include "common/interrupt.h"
#include "common/output_file.h"
#include "common/progress.h"

namespace protect {

using nlohmann::json;

namespace {

class Pool {
 public:
  Pool(const std::vector<Job>& jobs, bool verbose, const std::vector<std::string>& arguments,
       Archive* archive, Total& total)
      : jobs_(jobs), verbose_(verbose), arguments_(arguments), archive_(archive), total_(total) {}

  void run(std::size_t count) {
    std::vector<std::thread> threads;
    workers_.resize(std::min(count, jobs_.size()));
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
  }

 private:
  struct Worker {
    std::unique_ptr<Child> child;
    double part = 0;  // of its file that is done
  };

  // Each in a thread of its own.
  void serve(Worker& worker) {
    for (std::unique_lock lock(mutex_); next_ < jobs_.size() && !examples::interrupt();) {
      const Job& job = jobs_[next_++];
      try {
        if (claim(job)) work(worker, job, lock);
      } catch (const std::exception& error) {
        if (!lock.owns_lock()) lock.lock();
        worker.child.reset();  // it may wait for a word
        fail(job, job.input + ": " + error.what());
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

  bool claim(const Job& job) {
    const auto turn = archive_ ? archive_->claim(job) : Archive::Turn::mine;
    if (turn == Archive::Turn::done) ++total_.done_before;
    if (turn == Archive::Turn::elsewhere) total_.elsewhere.push_back(job);
    return turn == Archive::Turn::mine;
  }

  void work(Worker& worker, const Job& job, std::unique_lock<std::mutex>& lock) {
    if (!worker.child)
      worker.child = std::make_unique<Child>(arguments_, archive_ ? archive_->descriptor() : -1);
    Child& child = *worker.child;
    if (archive_)
      archive_->begin(job, examples::OutputFile::temporary_of(job.output, child.process()));
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
  }

  // Whether more is to come about this file.
  bool hear(Worker& worker, const Job& job, const json& message) {
    if (!message.is_object()) {
      const int process = worker.child->process();
      worker.child.reset();
      std::error_code ignored;
      std::filesystem::remove(examples::OutputFile::temporary_of(job.output, process), ignored);
      fail(job, job.input + ": the process that worked on it has died");
    } else if (message.contains("part")) {
      worker.part = message["part"];
      return true;
    } else if (message.contains("note")) {
      print(job.input + ": " + unescaped(message["note"]));
      return true;
    } else if (message.contains("whole")) {
      archive_->whole(job, message["whole"]);
      worker.child->tell(json::object());
      return true;
    } else if (message.contains("failure")) {
      fail(job, unescaped(message["failure"]));
    } else {
      add(job, message);
    }
    return false;
  }

  void add(const Job& job, const json& summary) {
    if (archive_) archive_->release(job);
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

  void fail(const Job& job, const std::string& why) {
    total_.failed.push_back(job);
    if (!examples::interrupt()) print(why);
    if (!archive_) return;
    try {
      if (!examples::interrupt()) archive_->failed(job, why);
      archive_->release(job);
    } catch (const std::exception& error) {
      print(error.what());
    }
  }

  void print(const std::string& line) {
    progress_.end();
    std::fprintf(stderr, "faceperturb: %s\n", line.c_str());
  }

  void show_progress() {
    double done = static_cast<double>(ended_);
    for (const Worker& worker : workers_) done += worker.part;
    progress_.show(ended_, done / static_cast<double>(jobs_.size()));
  }

  const std::vector<Job>& jobs_;
  const bool verbose_;
  const std::vector<std::string>& arguments_;
  Archive* const archive_;

  std::mutex mutex_;  // of all that follows, and of the archive
  std::condition_variable changed_;
  std::vector<Worker> workers_;
  std::size_t next_ = 0, ended_ = 0, running_ = 0;
  Total& total_;
  examples::Progress progress_{"files"};
};

}  // namespace

void run_pool(const std::vector<Job>& jobs, int workers, bool verbose,
              const std::vector<std::string>& arguments, Archive* archive, Total& total) {
  if (jobs.empty()) return;
  std::signal(SIGPIPE, SIG_IGN);  // a process that died
  Pool(jobs, verbose, arguments, archive, total).run(static_cast<std::size_t>(workers));
}

}  // namespace protect
