// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guard/stillness.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <opencv2/imgproc.hpp>

#include "eval/grey.h"
#include "eval/scene.h"
#include "guard/lookahead.h"
#include "support/faces.h"

namespace faceperturb {
namespace {

using namespace std::chrono_literals;

constexpr int min_face_size = 24;
const cv::Size size(192, 144);
constexpr auto period = 40ms;
constexpr int interval = 5;

cv::Mat luma(const eval::SceneFrame& scene) { return eval::grey_of(scene.bgr); }
const cv::Mat& room() {
  static const cv::Mat picture = luma(eval::render_crowd(size, 0, 0));
  return picture;
}

// The picture as a sensor sees it, another time each time.
cv::Mat noisy(const cv::Mat& picture, double sigma = 2) {
  static cv::RNG random(3);
  cv::Mat grain(picture.size(), CV_16S), result;
  random.fill(grain, cv::RNG::NORMAL, 0, sigma);
  cv::add(picture, grain, result, cv::noArray(), CV_8U);
  return result;
}

class StillnessTest : public testing::Test {
 protected:
  // Whether the next picture, a detection later than the one before, needs no search; if not it
  // is searched, and nothing found.
  bool vouches(const cv::Mat& picture, int least = min_face_size) {
    now += interval * period;
    const bool result = stillness.vouches_for(Picture(eval::luma_view(picture)), least, now);
    if (!result) stillness.searched(true);
    return result;
  }
  // Searches that a scene takes until it needs none.
  int searches(const cv::Mat& picture, int most = 40) {
    int count = 0;
    while (count < most && !vouches(noisy(picture))) ++count;
    return count;
  }

  Stillness stillness;
  Stillness::Time now{};
};

TEST_F(StillnessTest, AStillSceneIsSearchedTwelveTimesAndThenOnceASecond) {
  EXPECT_EQ(searches(room()), 12);
  int calls = 1, searched = 0;
  for (; calls < 100; ++calls) searched += !vouches(noisy(room(), 3));
  EXPECT_GE(searched, 100 * interval * period / 1s - 1);
  EXPECT_LE(searched, 100 * interval * period / 1s + 1);
}

TEST_F(StillnessTest, ASceneThatIsSlowIsAlwaysSearched) {
  for (int i = 0; i < 40; ++i) {
    now += 1s;
    EXPECT_FALSE(vouches(room()));
  }
}

TEST_F(StillnessTest, WhatWasFoundStartsItAnew) {
  EXPECT_EQ(searches(room()), 12);
  stillness.searched(false);
  EXPECT_EQ(searches(room()), 12);
  stillness.reset();
  EXPECT_EQ(searches(room()), 12);
  EXPECT_FALSE(vouches(room(), min_face_size * 2));
}

// Wherever it is, and however close to the smallest face and to its ground.
TEST_F(StillnessTest, ADimFaceInAnyPlaceIsAChange) {
  const eval::SceneFrame portrait = eval::render_portrait(size, 0);
  const Rect& box = portrait.faces.at(0).box;
  cv::Mat face;
  cv::resize(luma(portrait)(
                 cv::Rect(cvRound(box.x), cvRound(box.y), cvRound(box.width), cvRound(box.height))),
             face, {min_face_size, min_face_size}, 0, 0, cv::INTER_AREA);
  const cv::Mat ground(size, CV_8U, cv::Scalar(cv::mean(face)[0]));
  for (int y : {0, 7, 101, size.height - min_face_size}) {
    for (int x : {0, 13, 150, size.width - min_face_size}) {
      EXPECT_EQ(searches(ground), 12);
      cv::Mat picture = ground.clone();
      cv::Mat place = picture(cv::Rect({x, y}, face.size()));
      // Deviations of 10 grey levels are the least in which a cascade looks for a face.
      cv::Scalar mean, deviation;
      cv::meanStdDev(face, mean, deviation);
      const double contrast = 10 / deviation[0];
      cv::addWeighted(face, contrast, place, 1 - contrast, 0, place);
      EXPECT_FALSE(vouches(noisy(picture))) << x << ", " << y;
      stillness.reset();
    }
  }
}

// Of so large a frame every fourth row is read (frame/reduce.h).
TEST_F(StillnessTest, ADimFaceInALargeFrameIsAChangeAndNoiseIsNone) {
  const cv::Size large(2160, 2160);
  constexpr int reduction = 8, face = 270;  // frame pixels, the smallest
  ASSERT_EQ(Picture(eval::luma_view(cv::Mat(large, CV_8U, cv::Scalar(0)))).reduction(), reduction);
  const cv::Mat ground(large, CV_8U, cv::Scalar(110));
  cv::Mat features(face, face, CV_8U);
  cv::resize(luma(eval::render_portrait(size, 0)), features, features.size(), 0, 0, cv::INTER_AREA);
  cv::Scalar mean, deviation;
  cv::meanStdDev(features, mean, deviation);
  features.convertTo(features, CV_8U, 10 / deviation[0], 110 - mean[0] * 10 / deviation[0]);
  for (const cv::Point at : {cv::Point{0, 0}, {1001, 777}, {1890, 1890}}) {
    for (int i = 0; i < 12; ++i) EXPECT_FALSE(vouches(ground, face / reduction));
    EXPECT_TRUE(vouches(noisy(ground, 4), face / reduction));
    cv::Mat picture = ground.clone();
    features.copyTo(picture(cv::Rect(at, features.size())));
    EXPECT_FALSE(vouches(noisy(picture, 4), face / reduction)) << at;
    stillness.reset();
  }
}

TEST_F(StillnessTest, ASlowChangeAddsUp) {
  EXPECT_EQ(searches(room()), 12);
  int unseen = 0;  // the most that the light came up between two searches of a new scene
  for (int light = 1; light <= 30; ++light) {
    const bool seen = searches(room() + light) > 1;
    unseen = seen ? 0 : unseen + 1;
    EXPECT_LE(unseen, 4) << light;
  }
}

TEST_F(StillnessTest, TheDarkIsAlwaysSearched) { EXPECT_EQ(searches(room() * 0.2, 40), 40); }

// --- Beside a detector that searches always
// --------------------------------------------------------

// Counts the searches of another.
class Counted final : public Detector {
 public:
  Counted(std::unique_ptr<Detector> detector, int& calls)
      : detector_(std::move(detector)), calls_(calls) {}
  std::vector<Detection> detect(const Picture& picture, int least) override {
    ++calls_;
    return detector_->detect(picture, least);
  }
  void forget() override { detector_->forget(); }

 private:
  std::unique_ptr<Detector> detector_;
  int& calls_;
};

std::unique_ptr<Detector> make_auto() { return detector_info(DetectorKind::automatic).make({}); }

struct FirstSeen {
  int always = -1;  ///< frame in which a detector that searches always finds the face
  int still = -1;   ///< first frame in which it is protected
  int calls = 0;    ///< searches before it appeared
};

// What comes in after so many frames of an empty room; `shown` is how much of it is there.
template <typename Shown>
FirstSeen run(const cv::Mat& guest, int before, int frames, Shown shown) {
  FirstSeen result;
  const auto always = make_auto();
  int calls = 0;
  Lookahead lookahead(std::make_unique<Counted>(make_auto(), calls),
                      LandmarkPredictor(test::small_model()), {interval, 10, 500ms});
  int out = 0;
  const auto pop = [&] {
    const Verdict verdict = lookahead.pop();
    EXPECT_NE(verdict.state, FrameState::covered);
    if (out == before) result.calls = calls;
    if (!verdict.faces.empty() && result.still < 0) result.still = out;
    ++out;
  };
  for (int i = 0; i < before + frames && result.still < 0; ++i) {
    cv::Mat picture;
    const double alpha = i < before ? 0 : shown(i - before);
    cv::addWeighted(guest, alpha, room(), 1 - alpha, 0, picture);
    picture = noisy(picture);
    if (result.always < 0 && i % interval == 0)
      for (const Detection& face : always->detect(Picture(eval::luma_view(picture)), min_face_size))
        if (face.sure) result.always = i;
    lookahead.push(eval::luma_view(picture), i * period, min_face_size);
    if (lookahead.waiting() > 10) pop();
  }
  lookahead.finish();
  while (lookahead.waiting() > 0) pop();
  return result;
}

// One of six people in the room, their face little larger than the smallest.
cv::Mat guest_in_a_part() {
  const eval::SceneFrame scene = eval::render_crowd(size, 6, 0);
  const Rect& box = scene.faces.at(2).box;
  const cv::Rect part = cv::Rect(cvRound(box.x - box.width / 2), cvRound(box.y - box.height / 2),
                                 cvRound(2 * box.width), cvRound(2 * box.height)) &
                        cv::Rect({}, size);
  cv::Mat picture = room().clone();
  luma(scene)(part).copyTo(picture(part));
  return picture;
}

constexpr int empty = 120;  // frames; a scene is still after 60

TEST(StillnessBesideADetector, AFaceThatComesInAtOnceIsProtectedAsSoon) {
  const FirstSeen seen = run(guest_in_a_part(), empty, 40, [](int) { return 1.0; });
  EXPECT_LT(seen.calls, 20);  // of 25 or more
  ASSERT_GE(seen.always, empty);
  ASSERT_GE(seen.still, 0);
  EXPECT_LE(seen.still, seen.always);
}

TEST(StillnessBesideADetector, AFaceThatFadesInSlowlyIsProtectedAsSoon) {
  constexpr int slow = 400;  // frames
  const FirstSeen seen = run(guest_in_a_part(), empty, slow + 20,
                             [](int i) { return std::min(1.0, static_cast<double>(i) / slow); });
  EXPECT_LT(seen.calls, 20);
  ASSERT_GE(seen.always, empty);
  ASSERT_GE(seen.still, 0);
  EXPECT_LE(seen.still, seen.always);
}

}  // namespace
}  // namespace faceperturb
