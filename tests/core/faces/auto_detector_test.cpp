// SPDX-License-Identifier: LGPL-2.1-or-later
// The detector that searches in turns, and what it consists of.
#include <gtest/gtest.h>

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "eval/grey.h"
#include "eval/scene.h"
#include "faces/changes.h"
#include "faces/detector.h"
#include "faces/flow.h"
#include "faces/frontal.h"
#include "faces/picture.h"
#include "support/faces.h"

namespace faceperturb::test {
namespace {

bool has(const std::vector<Detection>& found, const Rect& face, float least = 0.5F) {
  return std::ranges::any_of(
      found, [&](const Detection& d) { return d.sure && overlap(d.box, face) > least; });
}

// It searches in turns: what comes after a seek must not fall to a turn that knows no frontal face.
TEST(AutoDetector, SearchesForEveryFaceOnceItForgot) {
  const auto detector = detector_info(DetectorKind::automatic).make({});
  const auto scene = eval::render_portrait({320, 240}, 0);
  const cv::Mat gray = eval::grey_of(scene.bgr);
  const Picture picture(eval::luma_view(gray));
  for (int i = 0; i < 6; ++i) {
    const auto found = detector->detect(picture, 40);
    EXPECT_TRUE(std::ranges::any_of(found, [&](const Detection& face) {
      return face.frontal && overlap(face.box, scene.faces[0].box) > 0.5F;
    })) << i;
    detector->forget();
  }
}

// A new shot is searched in smaller steps, which finds faces in the dark and out of focus that the
// quick search misses: it finds 33 and 25 of the 37 here.
TEST(AutoDetector, SearchesANewShotThoroughly) {
  const auto detector = detector_info(DetectorKind::automatic).make({});
  const auto found_in = [&](double light, double blur) {
    int count = 0;
    for (int second = 0; second < 8; ++second) {
      const auto scene = eval::render_scene({640, 360}, second);
      cv::Mat gray;
      cv::GaussianBlur(eval::grey_of(scene.bgr) * light, gray, {}, blur);
      detector->forget();
      const auto found = detector->detect(Picture(eval::luma_view(gray)), 34);
      for (const auto& face : scene.faces)
        count += std::ranges::any_of(found, [&](const Detection& detection) {
          return detection.sure && overlap(detection.box, face.box) > 0.4F;
        });
    }
    return count;
  };
  EXPECT_GE(found_in(0.06, 3.7), 34);
  EXPECT_GE(found_in(0.1, 7.3), 26);
}

// Of four calls two look for frontal faces everywhere. Who comes in meanwhile is found at the next
// call all the same.
TEST(AutoDetector, FindsWhoComesInAtTheNextCall) {
  const auto detector = detector_info(DetectorKind::automatic).make({});
  const cv::Size size(640, 360);
  const cv::Mat room = eval::grey_of(eval::render_crowd(size, 0, 0).bgr);
  for (int call = 0; call < 13; ++call) detector->detect(Picture(eval::luma_view(room)), 45);
  const auto portrait = eval::render_portrait({160, 160}, 0);
  cv::Mat entered = room.clone();
  const cv::Rect at(440, 120, 160, 160);
  eval::grey_of(portrait.bgr).copyTo(entered(at));
  const Picture picture(eval::luma_view(entered));
  ASSERT_TRUE(alike(Picture(eval::luma_view(room)).thumbnail(), picture.thumbnail()))
      << "no new shot";
  Rect face = portrait.faces[0].box;
  face.x += static_cast<float>(at.x), face.y += static_cast<float>(at.y);
  const auto found = detector->detect(picture, 45);
  EXPECT_TRUE(std::ranges::any_of(found, [&](const Detection& detection) {
    return detection.sure && overlap(detection.box, face) > 0.5F;
  }));
}

TEST(Changes, AreWhereSomethingCameIn) {
  Changes changes;
  const int least = 40;
  cv::Mat before(270, 480, CV_8U), noise(before.size(), CV_8S);
  cv::theRNG().state = 1;
  cv::randu(before, 60, 200);
  cv::GaussianBlur(before, before, {}, 9);
  const std::vector known{Detection{.box = {200, 60, 60, 60}}};
  const auto place_in = [&](const cv::Mat& gray) {
    return changes.place(Picture(eval::luma_view(gray)), least, known);
  };
  const Rect everywhere = beyond_edges(before.size());
  EXPECT_EQ(place_in(before), everywhere) << "nothing was searched";
  changes.searched(Picture(eval::luma_view(before)), least);
  cv::Mat after;
  cv::randn(noise, 0, 4);
  cv::add(before, noise, after, {}, CV_8U);
  EXPECT_EQ(place_in(after), Rect{}) << "a sensor's noise";
  cv::circle(after, {230, 200}, 40, 255, -1);
  EXPECT_EQ(place_in(after), Rect{}) << "the body of a known face";
  EXPECT_GT(changes.place(Picture(eval::luma_view(after)), least).width, 80)
      << "and of one that is not";
  cv::rectangle(after, {440, 100, 40, 50}, 255, -1);
  const Rect place = place_in(after);
  EXPECT_LE(place.x, 440 - least + 10);
  EXPECT_GE(place.x + place.width, 480 + least);
  EXPECT_LE(place.y, 100 - least + 10);
  EXPECT_GE(place.y + place.height, 150 + least - 10);
  EXPECT_LT(place.width, 180);
  EXPECT_LT(place.height, 180);
  EXPECT_EQ(place_in(255 - before), everywhere) << "all of it";
  changes.forget();
  EXPECT_EQ(place_in(after), everywhere);
}

// Without a search, where it was and a little beside it; not for long where it is no more.
TEST(FrontalDetector, LooksForKnownFacesAgain) {
  FrontalDetector detector;
  const auto scene = eval::render_portrait({320, 240}, 0);
  const cv::Mat gray = eval::grey_of(scene.bgr), empty(gray.size(), CV_8U, cv::Scalar(120));
  const Picture picture(eval::luma_view(gray)), nothing(eval::luma_view(empty));
  Rect face = scene.faces[0].box;
  EXPECT_TRUE(detector.detect(picture, 40, {}, {}, false).empty()) << "it was never seen";
  for (const bool texture : {true, false}) {
    const Rect all = beyond_edges(gray.size());
    EXPECT_TRUE(has(
        detector.detect(picture, 40, texture ? all : Rect{}, texture ? Rect{} : all, false), face));
    for (int call = 1; call <= 20; ++call) {
      cv::Mat moved;
      const double right = call % 2 * 0.2 * double{face.width};
      cv::warpAffine(gray, moved, cv::Matx23d{1, 0, right, 0, 1, 0}, gray.size(), cv::INTER_LINEAR,
                     cv::BORDER_REPLICATE);
      Rect there = face;
      there.x += static_cast<float>(right);
      ASSERT_TRUE(has(detector.detect(Picture(eval::luma_view(moved)), 40, {}, {}, false), there))
          << call;
      EXPECT_TRUE(has(detector.known(), there));
    }
    EXPECT_TRUE(detector.detect(nothing, 40, {}, {}, false).empty());
    EXPECT_TRUE(detector.known().empty());
    EXPECT_TRUE(has(detector.detect(picture, 40, {}, {}, false), face)) << "one miss";
    for (int call = 0; call < 3; ++call) detector.detect(nothing, 40, {}, {}, false);
    EXPECT_TRUE(detector.detect(picture, 40, {}, {}, false).empty()) << "three";
  }
  detector.detect(picture, 40, beyond_edges(gray.size()), {}, false);
  detector.forget();
  EXPECT_TRUE(detector.detect(picture, 40, {}, {}, false).empty());
}

// What HOG refused, here a thing on a wall, is not asked for again while it looks the same; a face
// that comes there is.
TEST(FrontalDetector, FindsAFaceWhereItRefusedAnother) {
  const cv::Size size(640, 360);
  const cv::Mat room = eval::grey_of(eval::render_crowd(size, 1, 0).bgr);
  const Rect everywhere = beyond_edges(size);
  Hog hog;
  std::vector<Rect> refused;
  for (const Detection& proposed :
       Cascade(Cascade::frontal_texture).detect_in(room, everywhere, {45, 1, false, 1.15}))
    if (!hog.look_closely(room, proposed.box, -1)) refused.push_back(proposed.box);
  ASSERT_FALSE(refused.empty());

  FrontalDetector detector;
  const Picture picture(eval::luma_view(room));
  for (int call = 0; call < 4; ++call) {
    const auto found = detector.detect(picture, 45, everywhere, {}, false);
    for (const Rect& box : refused) EXPECT_FALSE(has(found, box)) << call;
  }
  const auto person = eval::render_portrait(size, 0);
  const Rect& face = person.faces[0].box;
  const auto whole = [](const Rect& box, float margin) {
    return cv::Rect(cvRound(box.x - margin * box.width), cvRound(box.y - margin * box.height),
                    cvRound((1 + 2 * margin) * box.width), cvRound((1 + 2 * margin) * box.height));
  };
  for (const Rect& box : refused) {
    cv::Mat entered = room.clone(), head;
    const cv::Rect there = whole(box, 0.25F);
    cv::resize(eval::grey_of(person.bgr)(whole(face, 0.25F)), head, there.size(), 0, 0,
               cv::INTER_AREA);
    head.copyTo(entered(there));
    const auto found =
        detector.detect(Picture(eval::luma_view(entered)), 45, everywhere, {}, false);
    EXPECT_TRUE(has(found, box)) << box.x << " " << box.y;
  }
}

// Whoever comes in before a known person's body, where changes are that person's own at most calls.
TEST(AutoDetector, FindsWhoComesInBeforeAKnownPersonWithinFourCalls) {
  const auto detector = detector_info(DetectorKind::automatic).make({});
  const auto tall = eval::render_portrait({640, 360}, 0);
  cv::Mat alone(360, 640, CV_8U, cv::Scalar(120)), together;
  const auto paste = [](const eval::SceneFrame& person, cv::Mat& picture, cv::Point at, int side) {
    const Rect& box = person.faces[0].box;
    cv::Mat head;
    const cv::Rect around(cvRound(box.x - box.width / 2), cvRound(box.y - box.height / 2),
                          cvRound(2 * box.width), cvRound(2 * box.height));
    cv::resize(eval::grey_of(person.bgr)(around & cv::Rect(0, 0, 640, 360)), head, {side, side}, 0,
               0, cv::INTER_AREA);
    head.copyTo(picture(cv::Rect(at.x, at.y, side, side)));
    const auto half = static_cast<float>(side) / 2;
    return Rect{static_cast<float>(at.x) + half / 2, static_cast<float>(at.y) + half / 2, half,
                half};
  };
  const Rect known = paste(tall, alone, {250, 10}, 140);
  for (int call = 0; call < 13; ++call)
    EXPECT_TRUE(has(detector->detect(Picture(eval::luma_view(alone)), 45), known)) << call;
  together = alone.clone();
  const Rect child = paste(eval::render_portrait({640, 360}, 1), together, {250, 210}, 140);
  bool found = false;
  for (int call = 0; call < 4; ++call)
    found |= has(detector->detect(Picture(eval::luma_view(together)), 45), child, 0.4F);
  EXPECT_TRUE(found);
}

TEST(Flow, LooksAtAFacesSurroundingsInThePicture) {
  const cv::Size size(640, 360);
  for (const Rect box : {Rect{100, 100, 60, 60}, Rect{-30, 320, 80, 80}, Rect{600, -20, 50, 50}}) {
    const cv::Rect part = surroundings(box, size);
    EXPECT_EQ(part & cv::Rect({}, size), part);
    EXPECT_LE(part.x, std::max(0.F, box.x - box.width));
    EXPECT_LE(part.y, std::max(0.F, box.y - box.width));
    EXPECT_GE(part.br().x, std::min(640.F, box.x + 2 * box.width));
    EXPECT_GE(part.br().y, std::min(360.F, box.y + 2 * box.width));
    EXPECT_LT(part.width, 320);
    EXPECT_EQ(surroundings({box.x + 0.01F, box.y, box.width, box.height}, size), part);
  }
  EXPECT_TRUE(surroundings({2000, 100, 60, 60}, size).empty());
}

}  // namespace
}  // namespace faceperturb::test
