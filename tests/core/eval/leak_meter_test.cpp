// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/leak_meter.h"

#include <gtest/gtest.h>

#include <opencv2/core.hpp>

namespace faceperturb::eval {
namespace {

const Rect face{20, 20, 40, 40};

cv::Mat frame() {
  cv::Mat picture(100, 120, CV_8U);
  cv::RNG random(1);
  random.fill(picture, cv::RNG::UNIFORM, 0, 200);
  return picture;
}

cv::Mat with(const cv::Mat& picture, const cv::Rect& changed) {
  cv::Mat result = picture.clone();
  result(changed) += 50;
  return result;
}

TEST(LeakMeter, CountsRunsOfClearFaces) {
  const cv::Mat before = frame(), hidden = with(before, {20, 20, 40, 40});
  LeakMeter meter;
  for (const bool clear : {false, true, true, false, true})
    meter.add(before, clear ? before : hidden, face, 0);
  meter.add(before, before, std::nullopt, 0);
  const LeakCount count = meter.count();
  EXPECT_EQ(count.frames, 6);
  EXPECT_EQ(count.faces, 5);
  EXPECT_EQ(count.leaks, 3);
  EXPECT_EQ(count.longest, 2);
  EXPECT_DOUBLE_EQ(count.per_thousand(), 600);
  EXPECT_EQ(count.touched, 0);
}

TEST(LeakMeter, HalfOfTheCoreMustBeChanged) {
  const cv::Mat before = frame();  // the core is 28 + 24 by 24 + 28
  EXPECT_TRUE(leaked(before, with(before, {28, 24, 24, 10}), face));
  EXPECT_FALSE(leaked(before, with(before, {28, 24, 24, 20}), face));
  EXPECT_TRUE(leaked(before, with(before, {70, 20, 40, 40}), face));
}

TEST(LeakMeter, APermutationThatLeavesEqualValuesIsAllowedFor) {
  cv::Mat before(100, 120, CV_8U), after;
  cv::RNG random(2);
  random.fill(before, cv::RNG::UNIFORM, 0, 3);  // a third of all pixels are equal
  before.copyTo(after);
  cv::Mat core = after(cv::Rect(20, 20, 40, 40)).clone();
  cv::randShuffle(core, 1, &random);
  core.copyTo(after(cv::Rect(20, 20, 40, 40)));
  EXPECT_FALSE(leaked(before, after, face));
}

TEST(LeakMeter, TellsWhatWasTouchedElsewhere) {
  const cv::Mat before = frame();
  LeakMeter meter;  // away from the face are 12000 - 52 x 52 pixels
  meter.add(before, with(before, {80, 0, 10, 10}), face, 0);
  EXPECT_NEAR(meter.count().touched, 100.0 / (12000 - 52 * 52), 1e-9);
}

TEST(LeakMeter, CountsChangesOfTheTrack) {
  const cv::Mat before = frame();
  LeakMeter meter;
  for (const std::uint32_t track : {0U, 3U, 3U, 0U, 3U, 4U, 4U, 3U})
    meter.add(before, before, face, track);
  EXPECT_EQ(meter.count().switches, 2);
}

}  // namespace
}  // namespace faceperturb::eval
