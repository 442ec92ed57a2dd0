// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guard/lookahead.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <thread>

#include "faces/picture.h"
#include "support/faces.h"

namespace faceperturb {
namespace {

using namespace std::chrono_literals;
using Call = std::function<std::vector<Detection>(const Picture&)>;

// A detector that does what a test says.
class Scripted final : public Detector {
 public:
  explicit Scripted(Call call) : call_(std::move(call)) {}
  std::vector<Detection> detect(const Picture& picture, int) override { return call_(picture); }

 private:
  Call call_;
};

// Read once: it takes half a second.
const LandmarkPredictor& landmarks() {
  static const LandmarkPredictor predictor(LANDMARK_MODEL);
  return predictor;
}

constexpr int side = 200;  // frames are not reduced: positions are the same in picture and frame

// A textured patch moves over a plain ground: what optical flow can follow, at a known place.
cv::Mat scene(float x, float y) {
  static const cv::Mat patch = [] {
    cv::Mat noise(60, 60, CV_8UC1);
    cv::RNG random(7);
    random.fill(noise, cv::RNG::UNIFORM, 0, 255);
    cv::GaussianBlur(noise, noise, {}, 2);
    cv::normalize(noise, noise, 0, 255, cv::NORM_MINMAX);
    return noise;
  }();
  cv::Mat frame(side, side, CV_8UC1, cv::Scalar(120));
  const cv::Mat shift = (cv::Mat_<double>(2, 3) << 1, 0, x, 0, 1, y);
  cv::warpAffine(patch, frame, shift, frame.size(), cv::INTER_LINEAR, cv::BORDER_TRANSPARENT);
  return frame;
}

LumaView view(const cv::Mat& frame) {
  return {frame.data, frame.cols, frame.rows, static_cast<std::ptrdiff_t>(frame.step)};
}

Detection at(float x, float y) {
  Detection detection;
  detection.box = {x, y, 60, 60};
  detection.score = 1;
  detection.frontal = false;  // no landmarks: the tests are about boxes
  return detection;
}

// The patch moves right, 2 pixels a frame.
float place(int frame) { return 20 + 2.F * static_cast<float>(frame); }

class LookaheadTest : public testing::Test {
 protected:
  void start(Call call, Lookahead::Options options,
             const LandmarkPredictor& predictor = landmarks()) {
    lookahead = std::make_unique<Lookahead>(std::make_unique<Scripted>(std::move(call)), predictor,
                                            options);
  }
  void push(int frame) { lookahead->push(view(scene(place(frame), 70)), frame * 40ms, 40); }

  // Pushes frames 0..n-1 as an element does, and gathers all verdicts.
  std::vector<Verdict> run(int n) {
    std::vector<Verdict> verdicts;
    const auto depth = static_cast<std::size_t>(lookahead->options().lookahead);
    for (int i = 0; i < n; ++i) {
      push(i);
      if (lookahead->waiting() > depth) verdicts.push_back(lookahead->pop());
    }
    lookahead->finish();
    while (lookahead->waiting() > 0) verdicts.push_back(lookahead->pop());
    return verdicts;
  }

  // Whether a face of the verdict covers the middle of where the patch is.
  static bool covers(const Verdict& verdict, int frame) {
    if (verdict.state == FrameState::covered) return true;
    const float x = place(frame) + 30, y = 100;
    for (const Face& face : verdict.faces)
      if (x > face.box.x && x < face.box.x + face.box.width && y > face.box.y &&
          y < face.box.y + face.box.height)
        return true;
    return false;
  }

  std::unique_ptr<Lookahead> lookahead;
};

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

TEST_F(LookaheadTest, TracksCarryAFaceBetweenDetections) {
  int calls = 0;
  start([&](const Picture&) { return std::vector{at(place(5 * calls++), 70)}; }, {5, 10, 500ms});
  const auto verdicts = run(50);
  EXPECT_LE(calls, 11);
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(verdicts[static_cast<std::size_t>(i)].faces.size(), 1U) << i;
    const Face& face = verdicts[static_cast<std::size_t>(i)].faces.front();
    EXPECT_EQ(face.id, 1U) << i;
    EXPECT_NEAR(face.box.x, place(i), 2) << i;
    EXPECT_NEAR(face.box.width, 60, 3) << i;
  }
}

TEST_F(LookaheadTest, AFaceIsProtectedInTheFramesBeforeItWasFound) {
  int calls = 0;
  start(
      [&](const Picture&) {
        const int frame = 5 * calls++;
        return frame < 20 ? std::vector<Detection>{} : std::vector{at(place(frame), 70)};
      },
      {5, 10, 500ms});
  const auto verdicts = run(40);
  // Found at 20, with a reach of lookahead - detect_interval frames.
  for (int i = 0; i < 40; ++i)
    EXPECT_EQ(covers(verdicts[static_cast<std::size_t>(i)], i), i > 15 - 1) << i;
}

TEST_F(LookaheadTest, AFaceThatTheDetectorLosesIsFollowedOnAndThenHeld) {
  int calls = 0;
  start(
      [&](const Picture&) {
        const int frame = 5 * calls++;
        return frame <= 20 ? std::vector{at(place(frame), 70)} : std::vector<Detection>{};
      },
      {5, 10, 400ms});
  const auto verdicts = run(60);
  // Five sightings, the last at 20: followed for 5 x 400 ms = 50 frames.
  for (int i = 0; i < 60; ++i) EXPECT_TRUE(covers(verdicts[static_cast<std::size_t>(i)], i)) << i;
}

// A detector knows faces that are wholly in the picture; what is left of one that goes out is
// followed, and one that comes in is protected before it is found.
TEST_F(LookaheadTest, AFaceAtTheBorderIsProtectedAsLongAsItIsSeen) {
  for (const bool leaves : {false, true}) {
    // Goes out from frame 60 on, or is wholly in the picture from frame 30 on.
    const auto x = [&](int frame) { return place(frame) - (leaves ? 0 : 80); };
    start(
        [&, calls = 0](const Picture&) mutable {
          const int frame = 5 * calls++;
          const bool inside = x(frame) >= 0 && x(frame) + 60 <= side;
          return inside ? std::vector{at(x(frame), 70)} : std::vector<Detection>{};
        },
        {5, 10, 500ms});
    std::vector<Verdict> verdicts;
    for (int i = 0; i < 90; ++i) {
      lookahead->push(view(scene(x(i), 70)), i * 40ms, 40);
      if (lookahead->waiting() > 10) verdicts.push_back(lookahead->pop());
    }
    for (int i = leaves ? 0 : 26; i < (leaves ? 80 : 60); ++i) {
      const float left = std::max(0.F, x(i)), right = std::min(x(i) + 60, float{side});
      const auto& faces = verdicts[static_cast<std::size_t>(i)].faces;
      EXPECT_TRUE(std::ranges::any_of(faces,
                                      [&](const Face& face) {
                                        return face.box.x - face.growth < left + 5 &&
                                               face.box.x + face.box.width + face.growth >
                                                   right - 5;
                                      }))
          << i << (leaves ? " leaves" : " enters");
    }
    lookahead.reset();  // it may be at work still, with this turn's variables
  }
}

// Frames so far apart that `hold` is over before the detector's next turn, which does not see it.
TEST_F(LookaheadTest, InASlowStreamAFaceOutlastsADetectorsOtherTurn) {
  for (const auto apart : {106ms, 510ms}) {
    for (const int n : {16, 21, 22, 26}) {
      start(
          [calls = 0](const Picture&) mutable {
            const int frame = 5 * calls++;
            return calls % 2 ? std::vector{at(place(frame), 70)} : std::vector<Detection>{};
          },
          {5, 10, 500ms});
      for (int i = 0; i < n; ++i) {
        lookahead->push(view(scene(place(i), 70)), i * apart, 40);
        if (lookahead->waiting() > 10) {
          EXPECT_TRUE(covers(lookahead->pop(), i - 10)) << i;
        }
      }
      lookahead->finish();
      for (int i = n - 10; i < n; ++i) EXPECT_TRUE(covers(lookahead->pop(), i)) << i << " of " << n;
    }
  }
}

TEST_F(LookaheadTest, TheLastFrameIsLookedAtFromAllSides) {
  struct Turns final : Detector {
    explicit Turns(int& thorough) : thorough(thorough) {}
    std::vector<Detection> detect(const Picture&, int) override {
      if (fresh) ++thorough;
      fresh = false;
      return {};
    }
    void forget() override { fresh = true; }
    int& thorough;
    bool fresh = false;
  };
  int thorough = 0;
  lookahead = std::make_unique<Lookahead>(std::make_unique<Turns>(thorough), landmarks(),
                                          Lookahead::Options{5, 10, 500ms});
  run(14);
  EXPECT_EQ(thorough, 1);
}

TEST_F(LookaheadTest, WithoutHoldAFaceEndsWithItsLastDetection) {
  int calls = 0;
  start(
      [&](const Picture&) {
        return calls++ % 2 == 0 ? std::vector{at(place(calls - 1), 70)} : std::vector<Detection>{};
      },
      {1, 0, 0ms});
  const auto verdicts = run(20);
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(covers(verdicts[static_cast<std::size_t>(i)], i), i % 2 == 0) << i;
}

TEST_F(LookaheadTest, ALostFaceIsHeldWhereItWasAndGrows) {
  start(
      [&, calls = 0](const Picture&) mutable {
        return calls++ == 0 ? std::vector{at(20, 70)} : std::vector<Detection>{};
      },
      {5, 10, 500ms});
  // The patch is gone after the first frame: nothing to follow.
  lookahead->push(view(scene(20, 70)), 0ms, 40);
  std::vector<Verdict> verdicts;
  for (int i = 1; i < 30; ++i) {
    lookahead->push(view(cv::Mat(side, side, CV_8UC1, cv::Scalar(120))), i * 40ms, 40);
    if (lookahead->waiting() > 10) verdicts.push_back(lookahead->pop());
  }
  float growth = 0;
  for (int i = 1; i <= 12; ++i) {
    const auto& verdict = verdicts[static_cast<std::size_t>(i)];
    ASSERT_EQ(verdict.state, FrameState::held) << i;
    ASSERT_EQ(verdict.faces.size(), 1U);
    EXPECT_TRUE(verdict.faces.front().held);
    EXPECT_GE(verdict.faces.front().growth, growth);
    growth = verdict.faces.front().growth;
  }
  EXPECT_GT(growth, 3);
  EXPECT_TRUE(verdicts[15].faces.empty());
}

TEST_F(LookaheadTest, OneUnsureSightingDoesNotCountAndTwoDo) {
  for (const int sightings : {1, 2}) {
    int calls = 0;
    start(
        [&](const Picture&) {
          Detection face = at(place(5 * calls), 70);
          face.sure = false;
          return calls++ < sightings ? std::vector{face} : std::vector<Detection>{};
        },
        {5, 10, 500ms});
    const auto verdicts = run(20);
    EXPECT_EQ(covers(verdicts[6], 6), sightings == 2);
    EXPECT_EQ(covers(verdicts[1], 1), sightings == 2) << "the frames before the second sighting";
  }
}

// Profile detectors put their box beside a frontal face: they must not move it.
TEST_F(LookaheadTest, AProfileSightingDoesNotMoveAFrontalFace) {
  int calls = 0;
  start(
      [&](const Picture&) {
        const int frame = 5 * calls++;
        Detection face = at(place(frame), 70);
        face.frontal = calls % 2 == 1;
        if (!face.frontal) face.box.x += 15;
        return std::vector{face};
      },
      {5, 10, 500ms}, LandmarkPredictor(test::small_model()));
  const auto verdicts = run(40);
  for (int i = 0; i < 40; ++i) {
    ASSERT_EQ(verdicts[static_cast<std::size_t>(i)].faces.size(), 1U) << i;
    const Face& face = verdicts[static_cast<std::size_t>(i)].faces.front();
    EXPECT_NEAR(face.box.x, place(i), 3) << i;
    EXPECT_TRUE(face.landmarks) << i;
  }
}

// --- Faults: never an unchecked frame ------------------------------------------------------------

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

// Frames of a new shot are looked at from the first on, but a flicker does not keep the detector
// busy.
TEST_F(LookaheadTest, ANewShotIsLookedAtAtOnce) {
  constexpr int interval = 5, frames = 40;
  for (const bool flicker : {false, true}) {
    std::vector<int> looked_at;
    int shown = 0;
    start(
        [&](const Picture& picture) {
          looked_at.push_back(picture.luma().at<uchar>(0, 0) - 100);
          return std::vector<Detection>{};
        },
        {.detect_interval = interval, .lookahead = 10});
    for (; shown < frames; ++shown) {
      cv::Mat frame = scene(20, 70);
      if (flicker ? shown % 2 == 1 : shown >= 12) cv::flip(frame, frame, 0);
      frame.at<uchar>(0, 0) = static_cast<uchar>(100 + shown);
      lookahead->push(view(frame), shown * 40ms, 40);
      if (lookahead->waiting() > 10) lookahead->pop();
    }
    lookahead->finish();
    while (lookahead->waiting() > 0) lookahead->pop();
    if (flicker)
      EXPECT_LE(looked_at.size(), 2U * frames / interval + 2);
    else
      EXPECT_EQ(looked_at, (std::vector{0, 5, 10, 12, 17, 22, 27, 32, 37, 39}));
  }
}

// What is found in a shot is not laid on the one before it; but a flash is no cut.
TEST_F(LookaheadTest, AFaceIsFollowedBackToTheCutAndThroughAFlash) {
  constexpr int frames = 30, odd = 21, detected = 22;
  for (const bool flash : {false, true}) {
    start(
        [&](const Picture& picture) {
          const bool here = picture.luma().at<uchar>(0, 0) == detected;
          return here ? std::vector{at(place(detected), 70)} : std::vector<Detection>{};
        },
        {1, 10, 500ms});
    std::vector<Verdict> verdicts;
    for (int i = 0; i < frames; ++i) {
      cv::Mat frame = scene(place(i), 70);
      if (flash ? i == odd : i < odd - 1) frame = 255 - frame;
      frame.at<uchar>(0, 0) = static_cast<uchar>(i);
      lookahead->push(view(frame), i * 40ms, 40);
      if (lookahead->waiting() > 10) verdicts.push_back(lookahead->pop());
    }
    lookahead->finish();
    while (lookahead->waiting() > 0) verdicts.push_back(lookahead->pop());
    const int first =
        flash ? detected - 9 : odd - 1;  // as far as the look-ahead reaches, or the cut
    for (int i = first - 3; i <= detected; ++i) {
      const auto& verdict = verdicts[static_cast<std::size_t>(i)];
      EXPECT_EQ(verdict.faces.size(), i >= first ? 1U : 0U) << i << " flash " << flash;
      if (i >= first && i != odd) {
        EXPECT_TRUE(covers(verdict, i)) << i << " flash " << flash;
      }
    }
    EXPECT_EQ(verdicts[odd].state, flash ? FrameState::held : FrameState::checked);
  }
}

// A shot in which much moves looks like another one in a few frames; no frame is a cut for that.
TEST_F(LookaheadTest, AFaceThatCannotBeFollowedIsHeldBackThroughAMovingShot) {
  constexpr int frames = 30, detected = 22, depth = 10;
  start(
      [&](const Picture& picture) {
        const bool here = picture.luma().at<uchar>(0, 0) == detected;
        return here ? std::vector{at(20, 70)} : std::vector<Detection>{};
      },
      {1, depth, 500ms});
  std::vector<Verdict> verdicts;
  cv::RNG random(7);
  for (int i = 0; i < frames; ++i) {
    cv::Mat frame(side, side, CV_8UC1);
    for (int x = 0; x < side; ++x)
      frame.col(x) = 120 + 100 * std::sin(2 * std::numbers::pi * (x / 100.0 + i * 0.06));
    random.fill(frame({20, 70, 60, 60}), cv::RNG::UNIFORM, 0, 255);  // nothing to follow
    frame.at<uchar>(0, 0) = static_cast<uchar>(i);
    lookahead->push(view(frame), i * 40ms, 40);
    if (lookahead->waiting() > depth) verdicts.push_back(lookahead->pop());
  }
  lookahead->finish();
  while (lookahead->waiting() > 0) verdicts.push_back(lookahead->pop());
  for (int i = detected - depth + 1; i <= detected; ++i)
    EXPECT_EQ(verdicts[static_cast<std::size_t>(i)].faces.size(), 1U) << i;
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
}  // namespace faceperturb
