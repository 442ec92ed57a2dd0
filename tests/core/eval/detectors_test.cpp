// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/detectors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "eval/metrics.h"
#include "eval/scene.h"
#include "support/faces.h"

namespace faceperturb::eval {
namespace {

class EvalDetectors : public testing::TestWithParam<cv::Size> {
 protected:
  // The sure detections of a portrait: one, where the face is.
  void expect_one(PictureDetector& detector) const {
    const SceneFrame scene = render_portrait(GetParam(), 1);
    const auto found = sure_ones(detector.detect(scene.bgr, 40));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_GT(iou(found[0].box, scene.faces[0].box), 0.5);
  }
};

TEST_P(EvalDetectors, HogFindsTheFace) { expect_one(*make_hog()); }
TEST_P(EvalDetectors, CascadesFindTheFace) { expect_one(*make_cascades()); }

TEST_P(EvalDetectors, NetworksFindTheFaceWhateverThePicturesShape) {
  for (const char* file : {"yoloface-500k/yoloface-500k.cfg", "yunet/yunet_n_320_320.onnx",
                           "ultralight/version-RFB-320.onnx"}) {
    const auto model = test::test_data("models/detectors") / file;
    FACEPERTURB_NEEDS(model);
    SCOPED_TRACE(file);
    expect_one(*make_detector(model));
  }
}

TEST(EvalDetectorScores, MmodFindsTheFace) {
  const auto model = test::test_data("models/detectors/dlib_mmod/mmod_human_face_detector.dat");
  FACEPERTURB_NEEDS(model);
  const SceneFrame scene = render_portrait({160, 160}, 1);
  const auto found = make_detector(model)->detect(scene.bgr, 40);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_GT(iou(found[0].box, scene.faces[0].box), 0.5);
}

INSTANTIATE_TEST_SUITE_P(Shapes, EvalDetectors,
                         testing::Values(cv::Size(320, 256), cv::Size(401, 203), cv::Size(181, 299),
                                         cv::Size(160, 160)));

// In more and more noise a face is seen, then doubted, then not seen.
TEST(EvalDetectorScores, DoubtfulFacesAreToldAndAreNotSure) {
  const SceneFrame scene = render_portrait({160, 160}, 0);
  const auto doubts = [&](PictureDetector& detector) {
    int doubtful = 0;
    for (int sigma = 20; sigma <= 160; sigma += 20) {
      cv::RNG random(1);
      cv::Mat noise(scene.bgr.size(), CV_16SC3), noisy;
      random.fill(noise, cv::RNG::NORMAL, 0, sigma);
      cv::add(scene.bgr, noise, noisy, cv::noArray(), CV_8U);
      for (const Detection& face : detector.detect(noisy, 40)) doubtful += !face.sure;
    }
    return doubtful;
  };
  EXPECT_GT(doubts(*make_hog()), 0);
  EXPECT_GT(doubts(*make_cascades()), 0);
  const auto model = test::test_data("models/detectors/yoloface-500k/yoloface-500k.cfg");
  FACEPERTURB_NEEDS(model);
  EXPECT_GT(doubts(*make_detector(model)), 0);
}

TEST(EvalDetectorScores, NetworksSeeColour) {
  const auto model = test::test_data("models/detectors/yunet/yunet_n_320_320.onnx");
  FACEPERTURB_NEEDS(model);
  const auto detector = make_detector(model);
  const cv::Mat colour = render_portrait({240, 240}, 0).bgr;
  cv::Mat grey, swapped;
  cv::cvtColor(colour, grey, cv::COLOR_BGR2GRAY);
  cv::cvtColor(grey, grey, cv::COLOR_GRAY2BGR);
  cv::cvtColor(colour, swapped, cv::COLOR_BGR2RGB);
  const auto score = [&](const cv::Mat& picture) {
    return detector->detect(picture, 40).at(0).score;
  };
  EXPECT_NE(score(colour), score(grey));
  EXPECT_NE(score(colour), score(swapped));
}

}  // namespace
}  // namespace faceperturb::eval
