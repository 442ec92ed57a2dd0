// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/detection_score.h"

#include <gtest/gtest.h>

#include <cmath>

namespace faceperturb::eval {
namespace {

Rect at(float x) { return {x, 0, 10, 10}; }
Detection seen(float x, float score) { return {.box = at(x), .score = score}; }

TEST(DetectionScore, ByHand) {
  // Three faces in two pictures. In falling order of score: right .95, wrong .9, right .85, wrong
  // .6; the third face is never found. Precision at the right ones: 1/1 and 2/3.
  DetectionScorer scorer;
  scorer.add(std::vector{seen(0, .95F), seen(50, .9F)}, std::vector{at(0)}, {});
  scorer.add(std::vector{seen(52, .6F), seen(31, .85F)}, std::vector{at(30), at(90)}, {});
  const DetectionScore score = scorer.score(0.8);
  EXPECT_EQ(score.faces, 3);
  EXPECT_NEAR(score.precision, 2.0 / 3, 1e-12);
  EXPECT_NEAR(score.recall, 2.0 / 3, 1e-12);
  EXPECT_NEAR(score.f, 2.0 / 3, 1e-12);
  EXPECT_NEAR(score.average_precision, (1 + 2.0 / 3) / 3, 1e-12);
}

TEST(DetectionScore, PrecisionIsMadeMonotonic) {
  // wrong, right, right: 1/2 and 2/3; the first counts as 2/3.
  DetectionScorer scorer;
  scorer.add(std::vector{seen(200, .9F), seen(0, .8F), seen(30, .7F)}, std::vector{at(0), at(30)},
             {});
  EXPECT_NEAR(scorer.score(0).average_precision, 2.0 / 3, 1e-12);
}

TEST(DetectionScore, AFaceIsFoundOnce) {
  DetectionScorer scorer;
  scorer.add(std::vector{seen(0, .9F), seen(1, .8F)}, std::vector{at(0)}, {});
  EXPECT_NEAR(scorer.score(0).precision, 0.5, 1e-12);
  EXPECT_NEAR(scorer.score(0).recall, 1, 1e-12);
  EXPECT_NEAR(scorer.score(0).average_precision, 1, 1e-12);
}

TEST(DetectionScore, HalfAnOverlapIsNotEnough) {
  DetectionScorer scorer;  // 10 x 5 in 10 x 10: exactly 0.5
  scorer.add(std::vector{Detection{.box = {0, 0, 10, 5}, .score = 1}}, std::vector{at(0)}, {});
  EXPECT_EQ(scorer.score(0).recall, 0);
}

TEST(DetectionScore, IgnoredFacesDoNotCount) {
  DetectionScorer scorer;
  scorer.add(std::vector{seen(0, .9F), seen(60, .8F), seen(120, .7F)}, std::vector{at(0)},
             std::vector{at(60)});
  EXPECT_NEAR(scorer.score(0).precision, 0.5, 1e-12);
}

TEST(DetectionScore, OnlyScoresAboveTheThresholdCount) {
  DetectionScorer scorer;
  scorer.add(std::vector{seen(0, .8F), seen(30, .81F)}, std::vector{at(0), at(30)}, {});
  EXPECT_NEAR(scorer.score(0.8).recall, 0.5, 1e-6);
  EXPECT_NEAR(scorer.score(0.8).average_precision, 1, 1e-12);
}

TEST(DetectionScore, NothingIsNotANumber) {
  DetectionScorer scorer;
  EXPECT_TRUE(std::isnan(scorer.score(0).precision));
  EXPECT_TRUE(std::isnan(scorer.score(0).recall));
  EXPECT_TRUE(std::isnan(f_measure(0, 0)));
  EXPECT_NEAR(f_measure(0.5, 1), 2.0 / 3, 1e-12);
}

}  // namespace
}  // namespace faceperturb::eval
