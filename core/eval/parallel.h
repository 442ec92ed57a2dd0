// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace faceperturb::eval {

/// Calls `work(worker, i)` once for each i < count, on `workers` (>= 1) threads; `worker` is the
/// thread's number. The first exception ends the work and is thrown.
template <typename Work>
void parallel_for(std::size_t count, std::size_t workers, Work work) {
  std::atomic<std::size_t> next = 0;
  std::exception_ptr failure;
  std::mutex mutex;
  {
    std::vector<std::jthread> threads;
    for (std::size_t worker = 0; worker < workers; ++worker)
      threads.emplace_back([&, worker] {
        try {
          for (std::size_t i = next++; i < count; i = next++) work(worker, i);
        } catch (...) {
          const std::lock_guard lock(mutex);
          if (!failure) failure = std::current_exception();
          next = count;
        }
      });
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace faceperturb::eval
