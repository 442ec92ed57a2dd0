// SPDX-License-Identifier: LGPL-2.1-or-later
// Faces: found, followed from frame to frame, held, forgotten.
#include <cmath>
#include <numbers>

#include "lookahead_fixture.h"
#include "support/faces.h"

namespace faceperturb::test {
namespace {

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
      {5, 10, 500ms}, LandmarkPredictor(small_model()));
  const auto verdicts = run(40);
  for (int i = 0; i < 40; ++i) {
    ASSERT_EQ(verdicts[static_cast<std::size_t>(i)].faces.size(), 1U) << i;
    const Face& face = verdicts[static_cast<std::size_t>(i)].faces.front();
    EXPECT_NEAR(face.box.x, place(i), 3) << i;
    EXPECT_TRUE(face.landmarks) << i;
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

}  // namespace
}  // namespace faceperturb::test
