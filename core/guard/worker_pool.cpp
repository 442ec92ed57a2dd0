// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guard/worker_pool.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace faceperturb {

WorkerPool::WorkerPool(unsigned most) : most_(std::max(1U, most)) { threads_.reserve(most_); }

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    quit_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

std::shared_ptr<WorkerPool> WorkerPool::of_process() {
  static std::mutex mutex;
  static std::weak_ptr<WorkerPool> known;
  const std::lock_guard lock(mutex);
  auto pool = known.lock();
  if (!pool) known = pool = std::make_shared<WorkerPool>(std::thread::hardware_concurrency());
  return pool;
}

unsigned WorkerPool::threads() const {
  const std::lock_guard lock(mutex_);
  return static_cast<unsigned>(threads_.size());
}

void WorkerPool::join(Worker& worker) {
  const std::lock_guard lock(mutex_);
  worker.place_.push_back(&worker);
  if (threads_.size() < std::min(most_, workers_ + 1)) {
    try {
      threads_.emplace_back([this] { run(); });
    } catch (const std::system_error&) {  // fewer will do
      if (threads_.empty()) throw;
    }
  }
  ++workers_;
}

void WorkerPool::leave(Worker& worker) noexcept {
  std::unique_lock lock(mutex_);
  worker.leaving_ = true;
  if (worker.ready_) ready_.remove(&worker);
  worker.stopped_.wait(lock, [&] { return !worker.running_; });
  --workers_;
}

void WorkerPool::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return quit_ || !ready_.empty(); });
    if (quit_) return;
    Worker& worker = *ready_.front();
    worker.place_.splice(worker.place_.end(), ready_, ready_.begin());
    worker.ready_ = false;
    worker.running_ = true;
    lock.unlock();

    bool more = false;
    try {
      more = worker.step_();
    } catch (...) {  // its own affair: others go on
    }

    lock.lock();
    worker.running_ = false;
    more = std::exchange(worker.woken_, false) || more;
    if (worker.leaving_) {
      worker.stopped_.notify_all();  // under the lock: it goes as soon as that is free
    } else if (more) {
      worker.ready_ = true;
      ready_.splice(ready_.end(), worker.place_);
    }
  }
}

Worker::Worker(Step step, std::shared_ptr<WorkerPool> pool)
    : step_(std::move(step)), pool_(std::move(pool)) {
  pool_->join(*this);
}

Worker::~Worker() { pool_->leave(*this); }

void Worker::wake() noexcept {
  {
    const std::lock_guard lock(pool_->mutex_);
    if (ready_) return;
    if (running_) {
      woken_ = true;
      return;
    }
    ready_ = true;
    pool_->ready_.splice(pool_->ready_.end(), place_);
  }
  pool_->changed_.notify_one();
}

}  // namespace faceperturb
