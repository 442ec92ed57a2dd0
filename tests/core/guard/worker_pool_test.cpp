// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guard/worker_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <stdexcept>

namespace faceperturb {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<WorkerPool> pool_of(unsigned threads) {
  return std::make_shared<WorkerPool>(threads);
}

// A worker whose step lasts until it is let go.
class Blocker {
 public:
  explicit Blocker(std::shared_ptr<WorkerPool> pool)
      : worker_(
            [this] {
              begun_.set_value();
              may_end_.get_future().wait();
              ended_ = true;
              return false;
            },
            std::move(pool)) {
    worker_.wake();
    begun_.get_future().wait();
  }
  ~Blocker() {
    if (!ended_) let_go();
  }
  void let_go() { may_end_.set_value(); }
  bool ended() const { return ended_; }

 private:
  std::promise<void> begun_, may_end_;
  std::atomic<bool> ended_ = false;
  Worker worker_;  // goes first
};

bool wait_for(const std::function<bool()>& condition) {
  for (int i = 0; i < 10000 && !condition(); ++i) std::this_thread::sleep_for(1ms);
  return condition();
}

TEST(WorkerPool, StepsFollowEachOtherUntilThereIsNothingToDo) {
  std::atomic<int> steps = 0, at_once = 0, most = 0;
  Worker worker(
      [&] {
        most = std::max(most.load(), ++at_once);
        --at_once;
        return ++steps % 5 != 0;
      },
      pool_of(3));
  std::this_thread::sleep_for(5ms);
  EXPECT_EQ(steps, 0) << "nobody woke it";
  for (int round = 1; round <= 20; ++round) {
    worker.wake();
    EXPECT_TRUE(wait_for([&] { return steps >= 5 * round; }));
  }
  std::this_thread::sleep_for(5ms);
  EXPECT_EQ(steps, 100);
  EXPECT_EQ(most, 1);
}

TEST(WorkerPool, AWakeDuringAStepIsNotLost) {
  std::atomic<int> wakes = 0, seen = 0;
  Worker worker(
      [&] {
        seen = wakes.load();
        std::this_thread::yield();
        return false;
      },
      pool_of(1));
  for (int i = 0; i < 5000; ++i) {
    ++wakes;
    worker.wake();
  }
  EXPECT_TRUE(wait_for([&] { return seen == 5000; }));
}

// However long the others' queues are, each has its turn.
TEST(WorkerPool, WorkersTakeTurns) {
  constexpr int workers = 4, each = 50;
  const auto pool = pool_of(1);
  std::vector<int> order;  // by one thread alone
  std::atomic<int> done = 0;
  std::array<int, workers> left;
  left.fill(each);
  std::vector<std::unique_ptr<Worker>> all;
  Blocker blocker(pool);  // until all have begun to wait
  for (int i = 0; i < workers; ++i) {
    all.push_back(std::make_unique<Worker>(
        [&, i] {
          order.push_back(i);
          const bool more = --left[static_cast<std::size_t>(i)] > 0;
          if (!more) ++done;
          return more;
        },
        pool));
    all.back()->wake();
  }
  blocker.let_go();
  ASSERT_TRUE(wait_for([&] { return done == workers; }));
  ASSERT_EQ(order.size(), std::size_t{workers * each});
  for (std::size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i], i % workers);
}

TEST(WorkerPool, ThreadsAreAsManyAsWorkersButNoMoreThanAllowed) {
  const auto pool = pool_of(3);
  EXPECT_EQ(pool->threads(), 0U);
  std::atomic<int> at_once = 0, most = 0, steps = 0;
  std::vector<std::unique_ptr<Worker>> all;
  for (unsigned i = 1; i <= 8; ++i) {
    all.push_back(std::make_unique<Worker>(
        [&] {
          const int now = ++at_once;
          for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) continue;
          std::this_thread::sleep_for(1ms);
          --at_once;
          return ++steps < 100;
        },
        pool));
    EXPECT_EQ(pool->threads(), std::min(i, 3U));
  }
  for (const auto& worker : all) worker->wake();
  EXPECT_TRUE(wait_for([&] { return steps >= 100; }));
  all.clear();
  EXPECT_GT(most, 1);
  EXPECT_LE(most, 3);
}

TEST(WorkerPool, AStepThatThrowsEndsItsTurnAndNothingElse) {
  const auto pool = pool_of(1);
  std::atomic<int> thrown = 0, steps = 0;
  Worker bad(
      [&]() -> bool {
        ++thrown;
        if (thrown % 2) throw std::runtime_error("out of order");
        throw 42;
      },
      pool);
  Worker good([&] { return ++steps % 10 != 0; }, pool);
  for (int round = 1; round <= 6; ++round) {
    bad.wake();
    good.wake();
    EXPECT_TRUE(wait_for([&] { return steps == 10 * round && thrown == round; }));
  }
}

TEST(WorkerPool, AWorkerThatWaitsForItsTurnStopsAtOnce) {
  const auto pool = pool_of(1);
  Blocker blocker(pool);
  std::atomic<bool> ran = false;
  {
    Worker worker(
        [&] {
          ran = true;
          return true;
        },
        pool);
    worker.wake();
  }
  EXPECT_FALSE(blocker.ended()) << "it waited for another's step";
  blocker.let_go();
  EXPECT_TRUE(wait_for([&] { return blocker.ended(); }));
  EXPECT_FALSE(ran);
}

TEST(WorkerPool, AWorkerThatStopsWaitsForItsOwnStepAlone) {
  const auto pool = pool_of(2);
  Blocker other(pool);
  std::promise<void> begun;
  std::atomic<int> ended = 0;
  {
    Worker worker(
        [&] {
          if (ended == 0) begun.set_value();
          std::this_thread::sleep_for(20ms);
          ++ended;
          return true;  // there would be more
        },
        pool);
    worker.wake();
    begun.get_future().wait();
  }
  EXPECT_EQ(ended, 1);
  EXPECT_FALSE(other.ended());
}

TEST(WorkerPool, TwoHundredStartsAndStops) {
  std::atomic<int> steps = 0;
  for (int i = 0; i < 200; ++i) {
    const auto pool = WorkerPool::of_process();
    EXPECT_EQ(pool, WorkerPool::of_process());
    std::vector<std::unique_ptr<Worker>> all;
    for (int k = 0; k < 1 + i % 7; ++k) {
      all.push_back(std::make_unique<Worker>([&] { return ++steps % 3 != 0; }));
      all.back()->wake();
    }
    if (i % 2) std::this_thread::yield();
    all.front().reset();
    for (const auto& worker : all)
      if (worker) worker->wake();
  }
  EXPECT_GT(steps, 0);
}

TEST(WorkerPool, ThatOfTheProcessGoesWithItsLastHolder) {
  std::weak_ptr<WorkerPool> pool;
  {
    const Worker one([] { return false; });
    const Worker other([] { return false; });
    pool = WorkerPool::of_process();
    EXPECT_FALSE(pool.expired());
    EXPECT_LE(pool.lock()->threads(), std::max(1U, std::thread::hardware_concurrency()));
  }
  EXPECT_TRUE(pool.expired());
}

}  // namespace
}  // namespace faceperturb
