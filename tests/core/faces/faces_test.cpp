// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "eval/grey.h"
#include "eval/scene.h"
#include "faces/cascade.h"
#include "faces/detector.h"
#include "faces/landmarks.h"
#include "faces/luma_mat.h"
#include "faces/picture.h"
#include "faces/tracker.h"
#include "support/faces.h"
#include "support/frames.h"

namespace faceperturb::test {
namespace {

namespace fs = std::filesystem;

// What a detector finds, in the pixels of the picture that it is given.
std::vector<Detection> find(Detector& detector, const cv::Mat& gray, int min_face_size) {
  const Picture picture(eval::luma_view(gray));
  const int reduction = picture.reduction();
  auto found = detector.detect(picture, std::max(8, min_face_size / reduction));
  const auto by = static_cast<float>(reduction);
  for (auto& d : found) d.box = {d.box.x * by, d.box.y * by, d.box.width * by, d.box.height * by};
  return found;
}

const Detection* best_match(const std::vector<Detection>& found, const Rect& box) {
  const auto best =
      std::ranges::max_element(found, {}, [&](const auto& d) { return overlap(d.box, box); });
  return best == found.end() ? nullptr : &*best;
}

float eye_distance(const Landmarks& marks) {
  return std::hypot(marks[45].x - marks[36].x, marks[45].y - marks[36].y);  // outer corners
}

// Mean distance of the landmarks to the truth, in distances between the outer corners of the eyes.
float mean_error(const Landmarks& marks, const Landmarks& truth) {
  float sum = 0;
  for (std::size_t i = 0; i < marks.size(); ++i)
    sum += std::hypot(marks[i].x - truth[i].x, marks[i].y - truth[i].y);
  return sum / static_cast<float>(marks.size()) / eye_distance(truth);
}

// Shared: the model takes its time to load.
const LandmarkPredictor& real_predictor() {
  static const LandmarkPredictor predictor(LANDMARK_MODEL);
  return predictor;
}

TEST(HogDetector, FindsThePortraitsAndTheirLandmarks) {
  const auto detector = detector_info(DetectorKind::hog).make("");
  for (int person = 0; person < eval::cast_size(); ++person) {
    const cv::Size size = person % 2 == 0 ? cv::Size(240, 320) : cv::Size(321, 241);
    SCOPED_TRACE("person " + std::to_string(person) + " at " + std::to_string(size.width));
    const auto scene = eval::render_portrait(size, person);
    ASSERT_EQ(scene.faces.size(), 1U);
    const auto& truth = scene.faces[0];
    const cv::Mat gray = eval::grey_of(scene.bgr);
    const auto found = find(*detector, gray, default_min_face_size(size.width, size.height));
    ASSERT_FALSE(found.empty());
    EXPECT_GT(overlap(found[0].box, truth.box), .4F);
    EXPECT_LT(
        mean_error(real_predictor().predict(eval::luma_view(gray), found[0].box), truth.landmarks),
        .1F);
  }
}

TEST(HogDetector, FindsMostFacesOfTheScene) {
  const auto detector = detector_info(DetectorKind::hog).make("");
  int faces = 0, matched = 0, detections = 0;
  for (const double seconds : {0.5, 2.5, 4.5, 6.5}) {
    const auto scene = eval::render_scene({640, 360}, seconds);
    const cv::Mat gray = eval::grey_of(scene.bgr);
    const auto found = find(*detector, gray, default_min_face_size(640, 360));
    detections += static_cast<int>(found.size());
    for (const auto& face : scene.faces) {
      ++faces;
      const auto* match = best_match(found, face.box);
      matched += match && overlap(match->box, face.box) > .4F;
    }
  }
  EXPECT_GT(faces, 10);
  EXPECT_GE(matched, faces * 7 / 10) << "of " << faces;
  EXPECT_LE(detections - matched, faces / 5) << "found where there is no face";
}

TEST(HogDetector, MinFaceSizeDecidesWhichFacesAreFound) {
  const auto scene = eval::render_portrait({320, 320}, 0);
  const float width = scene.faces[0].box.width;
  const auto detector = detector_info(DetectorKind::hog).make("");
  for (const float scale : {1.F, .5F, .25F}) {
    cv::Mat gray;
    cv::resize(eval::grey_of(scene.bgr), gray, {}, scale, scale, cv::INTER_AREA);
    const int face = static_cast<int>(width * scale);
    EXPECT_FALSE(find(*detector, gray, face * 3 / 4).empty()) << "face of " << face;
    EXPECT_TRUE(find(*detector, gray, face * 2).empty()) << "face of " << face;
  }
}

TEST(HogDetector, ReadsRowsByTheirStrideAndSortsTheSurestFirst) {
  const auto scene = eval::render_scene({640, 360}, 1);
  const cv::Mat gray = eval::grey_of(scene.bgr);
  cv::Mat padded(gray.rows, gray.cols + 37, CV_8UC1, cv::Scalar(255));
  gray.copyTo(padded.colRange(0, gray.cols));
  const auto detector = detector_info(DetectorKind::hog).make("");
  const auto plain = find(*detector, gray, 60);
  const auto found = find(*detector, padded.colRange(0, gray.cols), 60);
  ASSERT_EQ(found.size(), plain.size());
  ASSERT_GE(found.size(), 2U);
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].box.x, plain[i].box.x);
    EXPECT_EQ(found[i].score, plain[i].score);
    if (i > 0) {
      EXPECT_LE(found[i].score, found[i - 1].score);
    }
  }
}

// A frame in which no face of the asked size has room holds none: that is an answer, not a fault.
TEST(HogDetector, FindsNothingInSmallAndPlainPictures) {
  const auto detector = detector_info(DetectorKind::hog).make("");
  for (const Size size : {Size{16, 16}, Size{16, 400}, Size{400, 16}, Size{321, 241}}) {
    const cv::Mat plain(size.height, size.width, CV_8UC1, cv::Scalar(128));
    for (const int min_face_size : {24, 80, 500, 4096})
      EXPECT_NO_THROW(EXPECT_TRUE(find(*detector, plain, min_face_size).empty()))
          << size.width << "x" << size.height << ", min-face-size " << min_face_size;
  }
}

TEST(HogDetector, FindsTheFacesOfPhotographs) {
  const auto folder = test_data("detection/lfpw5");
  FACEPERTURB_NEEDS(folder);
  const auto detector = detector_info(DetectorKind::hog).make("");
  int pictures = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".png") continue;
    SCOPED_TRACE(entry.path().filename().string());
    // "version: 1 / n_points: 68 / {", then a line "x y" each; the first pixel is (1, 1).
    Landmarks truth;
    std::ifstream points(fs::path(entry.path()).replace_extension(".pts"));
    std::string line;
    while (std::getline(points, line) && !line.starts_with("{")) continue;
    for (auto& p : truth) {
      points >> p.x >> p.y;
      p = {p.x - 1, p.y - 1};
    }
    ASSERT_TRUE(points);
    const cv::Mat gray = cv::imread(entry.path().string(), cv::IMREAD_GRAYSCALE);
    const auto [left, right] = std::ranges::minmax(truth, {}, &Point::x);
    const auto [top, bottom] = std::ranges::minmax(truth, {}, &Point::y);
    const auto found = find(*detector, gray, default_min_face_size(gray.cols, gray.rows));
    const auto* match = best_match(found, {left.x, top.y, right.x - left.x, bottom.y - top.y});
    ASSERT_NE(match, nullptr);
    EXPECT_GT(overlap(match->box, {left.x, top.y, right.x - left.x, bottom.y - top.y}), .4F);
    EXPECT_LT(mean_error(real_predictor().predict(eval::luma_view(gray), match->box), truth), .1F);
    ++pictures;
  }
  EXPECT_EQ(pictures, 3);
}

TEST(LandmarkPredictor, OfAnyBoxStaysWithoutFault) {
  const cv::Mat gray(48, 64, CV_8UC1, cv::Scalar(99));
  for (const Rect box : {Rect{0, 0, 64, 48}, Rect{-500, -500, 20, 20}, Rect{60, 40, 100, 100},
                         Rect{10, 10, 0, 0}, Rect{10, 10, 1, 1}})
    for (const auto& p : real_predictor().predict(eval::luma_view(gray), box))
      EXPECT_TRUE(std::isfinite(p.x) && std::isfinite(p.y));
}

TEST(LandmarkPredictor, ReadsAModelOfTheRightNumberOfLandmarks) {
  const LandmarkPredictor predictor(small_model());
  const Rect box{10, 20, 100, 100};
  const cv::Mat gray(200, 200, CV_8UC1, cv::Scalar(0));
  EXPECT_LT(mean_error(predictor.predict(eval::luma_view(gray), box), *upright_face(box).landmarks),
            .03F);
}

// Each writes a file (or not) that is no model, and says what the error must tell.
struct BrokenModel {
  const char* name;
  void (*write)(const fs::path& file);
  const char* fault;
};

void write_bytes(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

void write_random(const fs::path& file) {
  std::mt19937 random(1);
  std::string bytes(100000, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  write_bytes(file, bytes);
}

template <std::uintmax_t bytes>
void write_start_of_real_model(const fs::path& file) {
  fs::copy_file(LANDMARK_MODEL, file);
  fs::resize_file(file, bytes);
}

const BrokenModel broken_models[] = {
    {"missing", [](const fs::path&) {}, "does not exist"},
    {"folder", [](const fs::path& file) { fs::create_directory(file); }, "not a regular file"},
    {"broken link", [](const fs::path& file) { fs::create_symlink("nowhere", file); },
     "does not exist"},
    {"empty", [](const fs::path& file) { write_bytes(file, ""); }, "damaged"},
    {"text", [](const fs::path& file) { write_bytes(file, "This is no model.\n"); }, "damaged"},
    {"random", write_random, "damaged"},
    {"one byte", write_start_of_real_model<1>, "damaged"},
    {"1 MB", write_start_of_real_model<1'000'000>, "damaged"},
    {"50 MB", write_start_of_real_model<50'000'000>, "damaged"},
    {"no landmarks", [](const fs::path& file) { write_model(file, 0); }, "0 landmarks, not 68"},
    {"5 landmarks", [](const fs::path& file) { write_model(file, 5); }, "5 landmarks, not 68"},
};

TEST(LandmarkPredictor, ErrorsNameTheFileAndTheFault) {
  const TemporaryFolder folder;
  for (const auto& broken : broken_models) {
    const auto file = folder / broken.name;
    broken.write(file);
    try {
      const LandmarkPredictor predictor(file.string());
      ADD_FAILURE() << broken.name << ": was loaded";
    } catch (const ModelError& error) {
      const std::string what = error.what();
      EXPECT_NE(what.find(file.string()), std::string::npos) << broken.name << ": " << what;
      EXPECT_NE(what.find(broken.fault), std::string::npos) << broken.name << ": " << what;
    } catch (const std::exception& error) {
      ADD_FAILURE() << broken.name << ": not a ModelError: " << error.what();
    }
  }
  EXPECT_THROW(LandmarkPredictor(""), ModelError);
}

// A damaged file may be loaded (a flipped bit in a number is no fault that shows) or refused; it
// must do no harm.
TEST(LandmarkPredictor, DamagedFilesAreRefusedOrHarmless) {
  std::ifstream in(small_model(), std::ios::binary);
  const std::string good{std::istreambuf_iterator<char>(in), {}};
  const TemporaryFolder folder;
  const auto file = folder / "damaged";
  const cv::Mat gray(48, 64, CV_8UC1, cv::Scalar(99));
  for (std::size_t i = 0; i < good.size(); i += 2) {
    for (const int value : {0x00, 0x88, 0xff}) {
      std::string bytes = good;
      bytes[i] = static_cast<char>(value);
      write_bytes(file, bytes);
      try {
        LandmarkPredictor(file.string()).predict(eval::luma_view(gray), {0, 0, 48, 48});
      } catch (const ModelError&) {
      }
    }
  }
}

TEST(CutOut, RepeatsTheEdgeBeyondThePicture) {
  cv::Mat picture(20, 30, CV_8UC1);
  for (int y = 0; y < picture.rows; ++y)
    for (int x = 0; x < picture.cols; ++x) picture.at<uchar>(y, x) = static_cast<uchar>(8 * x + y);
  for (const Rect& box : {Rect{5, 5, 10, 10}, {-4, -6, 10, 10}, {25, 15, 10, 10}}) {
    const cv::Mat crop = cut_out(picture, box, 0.5F);
    ASSERT_EQ(crop.size(), cv::Size(20, 20));
    for (int y = 0; y < crop.rows; ++y)
      for (int x = 0; x < crop.cols; ++x)
        ASSERT_EQ(crop.at<uchar>(y, x),
                  picture.at<uchar>(std::clamp(static_cast<int>(box.y) - 5 + y, 0, 19),
                                    std::clamp(static_cast<int>(box.x) - 5 + x, 0, 29)));
  }
  EXPECT_TRUE(cut_out(picture, {100, 5, 10, 10}, 0.2F).empty());
}

// A look from a place that is somewhat wrong finds the face; from elsewhere it finds none.
TEST(Cascade, ALookCloselySaysWhetherAndWhereAFaceIs) {
  const auto scene = eval::render_portrait({320, 240}, 0);
  const cv::Mat gray = eval::grey_of(scene.bgr);
  const Rect truth = scene.faces[0].box;
  Cascade cascade(Cascade::frontal);
  for (const bool mirrored : {false, true}) {
    cv::Mat picture = gray;
    Rect face = truth;
    if (mirrored) {
      cv::flip(gray, picture, 1);
      face.x = 320 - truth.x - truth.width;
    }
    const Rect near{face.x + 0.15F * face.width, face.y - 0.1F * face.width, 0.9F * face.width,
                    0.9F * face.width};
    const auto found = cascade.look_closely(picture, near, mirrored);
    ASSERT_TRUE(found);
    EXPECT_GE(found->score, 8);
    EXPECT_GT(overlap(found->box, face), 0.6F);
  }
  EXPECT_FALSE(cascade.look_closely(gray, {-400, 0, 60, 60}));
  EXPECT_FALSE(cascade.look_closely(cv::Mat(240, 320, CV_8UC1, cv::Scalar(90)), truth));
}

// Fine noise does not hide a large face: the picture is reduced by means.
TEST(Cascade, SeesALargeFaceThroughFineNoise) {
  for (const auto* kind : {&Cascade::frontal, &Cascade::frontal_shade, &Cascade::frontal_texture}) {
    Cascade cascade(*kind);
    int found = 0;
    for (int person = 0; person < 5; ++person) {
      const auto scene = eval::render_portrait({960, 720}, person);
      cv::Mat gray = eval::grey_of(scene.bgr), noise(gray.size(), CV_16SC1);
      cv::RNG(1).fill(noise, cv::RNG::NORMAL, 0, 90);
      cv::add(gray, noise, gray, {}, CV_8U);
      const auto faces = cascade.detect(gray, {200, 3});
      found += !faces.empty() && overlap(faces[0].box, scene.faces[0].box) > 0.5F;
    }
    EXPECT_EQ(found, 5);
  }
}

TEST(Cascade, SeesFacesThatTheEdgeCuts) {
  const auto scene = eval::render_portrait({480, 480}, 0);
  const cv::Mat gray = eval::grey_of(scene.bgr);
  Rect face = scene.faces[0].box;
  // Its window goes some way around the face.
  const int cut = static_cast<int>(face.x + 0.15F * face.width);
  const cv::Mat picture = gray.colRange(cut, gray.cols);
  face.x -= static_cast<float>(cut);
  Cascade cascade(Cascade::frontal_shade);
  EXPECT_TRUE(cascade.detect(picture, {60, 2}).empty());
  const auto found = cascade.detect_in(picture, beyond_edges(picture.size()), {60, 2});
  ASSERT_FALSE(found.empty());
  EXPECT_GT(overlap(found[0].box, face), 0.6F);
}

// A face that is turned in the picture is found where it is, in the picture's own position.
TEST(Cascade, FindsATiltedFaceWhereItIs) {
  const auto scene = eval::render_portrait({320, 320}, 0);
  const Rect& face = scene.faces[0].box;
  const cv::Mat turn = cv::getRotationMatrix2D({160, 160}, 35, 1);
  cv::Mat turned, mirrored;
  cv::warpAffine(eval::grey_of(scene.bgr), turned, turn, {320, 320}, cv::INTER_LINEAR,
                 cv::BORDER_REPLICATE);
  const cv::Mat middle =
      turn * (cv::Mat_<double>(3, 1) << face.x + face.width / 2, face.y + face.height / 2, 1);
  Rect there = face;
  there.x = static_cast<float>(middle.at<double>(0)) - face.width / 2;
  there.y = static_cast<float>(middle.at<double>(1)) - face.height / 2;
  cv::flip(turned, mirrored, 1);
  Cascade cascade(Cascade::frontal);
  EXPECT_TRUE(cascade.detect_tilted(turned, {60, 3, false, Cascade::thorough}, 0).empty());
  const auto found = cascade.detect_tilted(turned, {60, 3, false, Cascade::thorough}, -35);
  ASSERT_FALSE(found.empty());
  EXPECT_GT(overlap(found[0].box, there), 0.6F);
  const auto close = cascade.look_closely(turned, there, false, -35);
  ASSERT_TRUE(close);
  EXPECT_GT(overlap(close->box, there), 0.6F);
  there.x = 319 - there.x - there.width;
  const auto other = cascade.detect_tilted(mirrored, {60, 3, true, Cascade::thorough}, -35);
  ASSERT_FALSE(other.empty());
  EXPECT_GT(overlap(other[0].box, there), 0.6F);
}

TEST(Picture, OfAnotherShotIsNotAlike) {
  const auto thumbnail = [](const cv::Mat& gray) {
    return Picture(eval::luma_view(gray)).thumbnail();
  };
  const cv::Mat first = eval::grey_of(eval::render_portrait({320, 240}, 0).bgr);
  cv::Mat moved, other;
  const cv::Mat shift = (cv::Mat_<double>(2, 3) << 1, 0, 4, 0, 1, 2);
  cv::warpAffine(first, moved, shift, first.size(), cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  cv::flip(first, other, 0);
  EXPECT_TRUE(alike(thumbnail(first), thumbnail(first)));
  EXPECT_TRUE(alike(thumbnail(first), thumbnail(moved)));
  EXPECT_TRUE(alike(thumbnail(first), thumbnail(first * 0.6))) << "the light was dimmed";
  EXPECT_FALSE(alike(thumbnail(first), thumbnail(other)));
}

// What is not sure must neither move a face that is protected nor be protected itself.
TEST(Tracker, AFaceStaysWhenSomethingUnsureIsSeenBesideIt) {
  const LandmarkPredictor predictor(small_model());
  Tracker tracker(predictor, std::chrono::seconds(1));
  const Picture picture(eval::luma_view(cv::Mat(240, 320, CV_8UC1, cv::Scalar(90))));
  const Rect face{100, 60, 60, 60}, beside{128, 70, 60, 60};
  ASSERT_EQ(tracker.update(std::vector{Detection{.box = face}}, picture, {}).size(), 1U);
  for (const bool frontal : {true, false}) {
    const Detection unsure{.box = beside, .sure = false, .frontal = frontal};
    tracker.update(std::vector{unsure}, picture, std::chrono::milliseconds(1));
    ASSERT_EQ(tracker.faces().size(), frontal ? 1U : 2U) << "seen twice";
    EXPECT_GT(overlap(tracker.faces()[0].box, face), 0.99F);
  }
}

// However often the detector is called in between: it may err as often.
TEST(Tracker, WhatIsUnsureCountsWhenItIsSeenAgainSoon) {
  const LandmarkPredictor predictor(small_model());
  const Picture picture(eval::luma_view(cv::Mat(240, 320, CV_8UC1, cv::Scalar(90))));
  const std::vector unsure{Detection{.box = {100, 60, 60, 60}, .sure = false, .frontal = false}};
  for (const int apart : {600, 700}) {
    Tracker tracker(predictor, std::chrono::milliseconds(500));
    tracker.update(unsure, picture, {});
    for (int ms = 50; ms <= apart; ms += 50)
      tracker.update({}, picture, std::chrono::milliseconds(ms));
    EXPECT_TRUE(tracker.faces().empty());
    tracker.update(unsure, picture, std::chrono::milliseconds(apart));
    EXPECT_EQ(tracker.faces().size(), apart < 667 ? 1U : 0U) << apart;
  }
}

// Without hold a face is followed to the next detection, and goes if that does not see it.
TEST(Tracker, WithoutHoldAFaceLastsToTheNextDetection) {
  const LandmarkPredictor predictor(small_model());
  Tracker tracker(predictor, {});
  const Picture picture(eval::luma_view(eval::grey_of(eval::render_portrait({320, 240}, 0).bgr)));
  const std::vector found{Detection{.box = {100, 60, 100, 100}}};
  const auto at = [](int ms) { return std::chrono::milliseconds(ms); };
  ASSERT_EQ(tracker.update(found, picture, at(0)).size(), 1U);
  const auto id = tracker.faces()[0].id;
  for (const int ms : {40, 80, 120}) {
    tracker.advance(picture, picture, at(ms));
    ASSERT_EQ(tracker.faces().size(), 1U) << ms;
  }
  EXPECT_TRUE(tracker.update(found, picture, at(120)).empty()) << "it is no other face";
  ASSERT_EQ(tracker.faces().size(), 1U);
  EXPECT_EQ(tracker.faces()[0].id, id);
  tracker.advance(picture, picture, at(160));
  tracker.update({}, picture, at(160));
  EXPECT_TRUE(tracker.faces().empty());
}

// Landmarks that turn out wrong were wrong in the frames before too.
TEST(Tracker, AFaceThatTurnsOutToBeAProfileIsReported) {
  const LandmarkPredictor predictor(small_model());
  Tracker tracker(predictor, {});
  const Picture picture(eval::luma_view(cv::Mat(240, 320, CV_8UC1, cv::Scalar(90))));
  const Rect face{100, 60, 60, 60};
  tracker.update(std::vector{Detection{.box = face}}, picture, {});
  ASSERT_TRUE(tracker.faces()[0].landmarks);
  const auto changed = tracker.update(std::vector{Detection{.box = face, .frontal = false}},
                                      picture, std::chrono::seconds(1));
  ASSERT_EQ(changed.size(), 1U);
  EXPECT_FALSE(changed[0].landmarks);
  EXPECT_EQ(changed[0].id, tracker.faces()[0].id);
}

TEST(Plausible, IsAFaceAndNotWhatIsNone) {
  const Rect box{100, 100, 80, 80};
  const Landmarks face = *upright_face(box).landmarks;
  EXPECT_TRUE(plausible(face, box));
  Landmarks point, upside_down = face, elsewhere = face;
  point.fill({140, 140});
  for (auto& p : upside_down) p.y = 280 - p.y;
  for (auto& p : elsewhere) p.x += 70;
  EXPECT_FALSE(plausible(point, box));
  EXPECT_FALSE(plausible(upside_down, box));
  EXPECT_FALSE(plausible(elsewhere, box));
  EXPECT_FALSE(plausible(face, {100, 100, 300, 300}));
}

TEST(Plausible, LandmarksMustAgreeWithWhatADetectorSaw) {
  const Rect box{100, 100, 80, 80};
  const Landmarks face = *upright_face(box).landmarks;
  const auto at = [&](float x, float y) {
    return Point{box.x + x * box.width, box.y + y * box.height};
  };
  FivePoints seen{at(.3F, .3F), at(.7F, .3F), at(.5F, .54F), at(.31F, .76F), at(.69F, .76F)};
  EXPECT_TRUE(agree(face, seen, box));
  std::swap(seen[0], seen[1]);
  EXPECT_FALSE(agree(face, seen, box));
}

}  // namespace
}  // namespace faceperturb::test
