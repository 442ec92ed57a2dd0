// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace faceperturb {

class Worker;

/// Threads that workers share: as many as there have been workers at a time, but no more than
/// `most`. They take turns step by step, whoever has waited longest first. Idle threads sleep.
class WorkerPool {
 public:
  explicit WorkerPool(unsigned most);  ///< >= 1
  /// No worker is left, for each holds its pool.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// That of this process, with a thread for each of its processors. It goes with its last holder.
  static std::shared_ptr<WorkerPool> of_process();

  unsigned threads() const;  ///< that run

 private:
  friend class Worker;
  void run();
  void join(Worker& worker);
  void leave(Worker& worker) noexcept;

  const unsigned most_;
  mutable std::mutex mutex_;  // held for the few lines of a turn's begin and end, never for a step
  std::condition_variable changed_;
  std::list<Worker*> ready_;  // to take a step; spliced, so that nothing is allocated
  std::vector<std::thread> threads_;
  unsigned workers_ = 0;
  bool quit_ = false;
};

/// One that shares a pool's threads: its steps are taken one after the other, as if it had a thread
/// of its own, but between them others' are.
class Worker {
 public:
  /// Takes one step and returns whether there is another to take at once. What it throws is lost,
  /// and means that there is none.
  using Step = std::function<bool()>;

  /// Sleeps until wake(). Throws std::system_error where the pool can start no thread.
  explicit Worker(Step step, std::shared_ptr<WorkerPool> pool = WorkerPool::of_process());
  /// Waits for a step that is being taken, and for no other worker's. Not from within a step.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// There is something to do: a step will be taken that begins after this call. From any thread.
  void wake() noexcept;

 private:
  friend class WorkerPool;

  const Step step_;
  const std::shared_ptr<WorkerPool> pool_;
  // Under the pool's mutex.
  std::list<Worker*> place_;  // in the pool's list while ready, here otherwise
  bool ready_ = false;
  bool running_ = false;
  bool woken_ = false;  // while it runs
  bool leaving_ = false;
  std::condition_variable stopped_;
};

}  // namespace faceperturb
