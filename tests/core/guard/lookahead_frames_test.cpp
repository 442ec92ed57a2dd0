// SPDX-License-Identifier: LGPL-2.1-or-later
// Frames: each comes out once, in order, and never unchecked; streams side by side.
#include <atomic>
#include <chrono>
#include <limits>
#include <thread>

#include "lookahead_fixture.h"

namespace faceperturb::test {
namespace {

TEST_F(LookaheadTest, EveryFrameComesOutOnceAndInOrder) {
  for (const int depth : {0, 1, 4, 10}) {
    for (const int interval : {1, 3, 5, 100}) {
      start([](const Picture&) { return std::vector<Detection>{}; }, {interval, depth, 500ms});
      const auto verdicts = run(37);
      EXPECT_EQ(verdicts.size(), 37U);
      for (const auto& verdict : verdicts) EXPECT_EQ(verdict.state, FrameState::checked);
    }
  }
}

TEST_F(LookaheadTest, AThrowingDetectorCoversEveryFrame) {
  start([](const Picture&) -> std::vector<Detection> { throw std::runtime_error("out of order"); },
        {5, 10, 500ms});
  for (const auto& verdict : run(40)) {
    EXPECT_EQ(verdict.state, FrameState::covered);
    EXPECT_EQ(verdict.fault, "out of order");
    EXPECT_TRUE(verdict.faces.empty());
  }
}

TEST_F(LookaheadTest, ADetectorThatThrowsSomethingElseCoversEveryFrame) {
  start([](const Picture&) -> std::vector<Detection> { throw 42; }, {1, 0, 500ms});
  for (const auto& verdict : run(10)) EXPECT_EQ(verdict.state, FrameState::covered);
}

TEST_F(LookaheadTest, NonsenseFromADetectorCoversEveryFrame) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  for (const Rect& box : {Rect{nan, 0, 10, 10}, Rect{0, 0, nan, nan}, Rect{0, infinity, 10, 10},
                          Rect{0, 0, 0, 0}, Rect{5, 5, -20, 20}, Rect{1e9F, 0, 10, 10}}) {
    start(
        [&](const Picture&) {
          Detection detection;
          detection.box = box;
          return std::vector{detection};
        },
        {3, 6, 500ms});
    for (const auto& verdict : run(20)) EXPECT_EQ(verdict.state, FrameState::covered);
  }
}

TEST_F(LookaheadTest, ADetectorThatFailsForAWhileCoversWhatItMissed) {
  int calls = 0;
  start(
      [&](const Picture&) -> std::vector<Detection> {
        if (++calls > 4 && calls < 20) throw std::runtime_error("for a while");
        return {};
      },
      {5, 10, 500ms});
  const auto verdicts = run(80);
  int covered = 0;
  for (const auto& verdict : verdicts) covered += verdict.state == FrameState::covered;
  EXPECT_EQ(verdicts.front().state, FrameState::checked);
  EXPECT_EQ(verdicts.back().state, FrameState::checked);
  EXPECT_GT(covered, 10);
  EXPECT_LT(covered, 30);
}

TEST_F(LookaheadTest, AFrameThatMustLeaveBeforeItWasLookedAtIsCovered) {
  std::atomic<bool> go = false;
  start(
      [&](const Picture&) {
        while (!go) std::this_thread::sleep_for(1ms);
        return std::vector<Detection>{};
      },
      {1, 0, 500ms});
  for (int i = 0; i < 5; ++i) {
    push(i);
    EXPECT_EQ(lookahead->pop(Lookahead::Clock::now()).state, FrameState::covered);
    EXPECT_EQ(lookahead->waiting(), 0U) << "nothing queues";
  }
  go = true;
  push(5);
  EXPECT_EQ(lookahead->pop().state, FrameState::checked);
}

// Else a worker that is as fast as the stream, but behind it, would be late for ever.
TEST_F(LookaheadTest, AWorkerThatIsTooLateGoesOnWithTheNewestFrame) {
  std::atomic<bool> busy = false, go = false;
  std::vector<std::chrono::nanoseconds> seen;
  start(
      [&](const Picture& picture) {
        busy = true;
        while (!go) std::this_thread::sleep_for(1ms);
        seen.push_back(picture.time());
        return std::vector<Detection>{};
      },
      {5, 15, 500ms});
  push(0);
  while (!busy) std::this_thread::sleep_for(1ms);
  std::vector<Verdict> verdicts;
  for (int i = 1; i < 30; ++i) {
    push(i);
    if (i >= 15) verdicts.push_back(lookahead->pop(Lookahead::Clock::now()));
  }
  go = true;
  for (int i = 30; i < 60; ++i) {
    push(i);
    verdicts.push_back(lookahead->pop());
  }
  lookahead->finish();
  while (lookahead->waiting() > 0) verdicts.push_back(lookahead->pop());
  ASSERT_EQ(verdicts.size(), 60U);
  ASSERT_GE(seen.size(), 2U);
  EXPECT_EQ(seen[0], 0ms);
  EXPECT_GE(seen[1], 24 * 40ms) << "no later than it may be";
  for (std::size_t i = 0; i < 60; ++i) {
    if (i >= 24 && i < 30) continue;  // as the worker was when it could go on
    EXPECT_EQ(verdicts[i].state, i < 24 ? FrameState::covered : FrameState::checked) << i;
  }
}

TEST_F(LookaheadTest, ResetForgetsFramesAndFaces) {
  bool found = true;
  start([&](const Picture&) { return found ? std::vector{at(20, 70)} : std::vector<Detection>{}; },
        {5, 10, 500ms});
  for (int i = 0; i < 8; ++i) push(i);
  lookahead->reset();
  EXPECT_EQ(lookahead->waiting(), 0U);
  found = false;
  for (const auto& verdict : run(20)) EXPECT_TRUE(verdict.faces.empty());
}

TEST_F(LookaheadTest, DestroyedWithFramesWaitingItEnds) {
  for (int i = 0; i < 50; ++i) {
    start([](const Picture&) { return std::vector<Detection>{}; }, {5, 10, 500ms});
    for (int frame = 0; frame < i % 12; ++frame) push(frame);
  }
}

TEST_F(LookaheadTest, FacesAreGivenInFramePixelsWhateverTheReduction) {
  cv::Mat large;
  cv::resize(scene(60, 70), large, {}, 6, 6);  // 1200 x 1200: looked at in quarter size
  start(
      [&](const Picture& picture) {
        EXPECT_EQ(picture.reduction(), 4);
        return std::vector{at(90, 105)};
      },
      {1, 0, 500ms});
  lookahead->push(view(large), 0ms, 40);
  const Verdict verdict = lookahead->pop();
  ASSERT_EQ(verdict.faces.size(), 1U);
  EXPECT_NEAR(verdict.faces.front().box.x, 360, 4);
  EXPECT_NEAR(verdict.faces.front().box.width, 240, 1);
}

TEST_F(LookaheadTest, GivenFacesTakeTheDetectorsPlace) {
  lookahead = std::make_unique<Lookahead>(nullptr, landmarks(), Lookahead::Options{1, 0, 500ms});
  lookahead->push(view(scene(20, 70)), 0ms, 40, std::vector{at(20, 70)});
  EXPECT_EQ(lookahead->pop().faces.size(), 1U);
}

TEST_F(LookaheadTest, GivenFacesCountInEveryFrame) {
  lookahead = std::make_unique<Lookahead>(nullptr, landmarks(), Lookahead::Options{5, 10, 0ms});
  for (int i = 0; i < 9; ++i)
    lookahead->push(view(scene(place(i), 70)), i * 40ms, 40,
                    i == 3 ? std::vector{at(place(i), 70)} : std::vector<Detection>{});
  lookahead->finish();
  for (int i = 0; i < 9; ++i) {
    const Verdict verdict = lookahead->pop();
    if (i == 3) {
      EXPECT_TRUE(covers(verdict, i));
    }
  }
}

// Streams share threads, and nothing else: more of them than any machine of today has processors.
TEST_F(LookaheadTest, ManyStreamsAtOnceHaveTheVerdictsOfEach) {
  constexpr int streams = 12, frames = 30;
  std::vector<std::unique_ptr<Lookahead>> all;
  for (int i = 0; i < streams; ++i) {
    auto calls = std::make_shared<int>(0);
    start(
        [i, calls](const Picture&) {
          const int call = (*calls)++;
          if (i % 4 == 3) throw std::runtime_error("out of order");
          return std::vector{at(place(5 * call), 70)};
        },
        {5, 10, 500ms});
    all.push_back(std::move(lookahead));
  }
  std::vector<std::vector<Verdict>> verdicts(streams);
  for (int frame = 0; frame < frames; ++frame) {
    for (std::size_t i = 0; i < streams; ++i) {
      all[i]->push(view(scene(place(frame), 70)), frame * 40ms, 40);
      if (all[i]->waiting() > 10) verdicts[i].push_back(all[i]->pop());
    }
  }
  for (std::size_t i = 0; i < streams; ++i) {
    all[i]->finish();
    while (all[i]->waiting() > 0) verdicts[i].push_back(all[i]->pop());
    ASSERT_EQ(verdicts[i].size(), std::size_t{frames});
    for (int frame = 0; frame < frames; ++frame) {
      const Verdict& verdict = verdicts[i][static_cast<std::size_t>(frame)];
      if (i % 4 == 3) {
        EXPECT_EQ(verdict.state, FrameState::covered);
        continue;
      }
      EXPECT_EQ(verdict.state, FrameState::checked);
      ASSERT_EQ(verdict.faces.size(), 1U);
      EXPECT_NEAR(verdict.faces.front().box.x, place(frame), 2) << frame;
    }
  }
}

// Counts what it is told to forget.
class Forgetful final : public Detector {
 public:
  explicit Forgetful(int& forgot) : forgot_(forgot) {}
  std::vector<Detection> detect(const Picture&, int) override { return {}; }
  void forget() override { ++forgot_; }

 private:
  int& forgot_;
};

TEST(Lookahead, ResetMakesTheDetectorForgetToo) {
  int forgot = 0;
  Lookahead lookahead(std::make_unique<Forgetful>(forgot), landmarks(), {1, 0, {}});
  const cv::Mat frame = scene(20, 20);
  lookahead.push(view(frame), 1ms, 24);
  lookahead.pop();
  EXPECT_EQ(forgot, 0);
  lookahead.reset();
  EXPECT_EQ(forgot, 1);
}

}  // namespace
}  // namespace faceperturb::test
