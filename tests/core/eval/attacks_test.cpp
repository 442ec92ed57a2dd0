// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/attacks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <opencv2/core.hpp>

#include "eval/align.h"
#include "eval/embedders.h"
#include "eval/measure.h"
#include "eval/metrics.h"
#include "eval/scene.h"
#include "support/faces.h"

namespace faceperturb::eval {
namespace {

const Face face = test::upright_face({60, 50, 110, 110});

Settings shuffled(int pixels) {
  Settings settings;
  settings.pixels = pixels;
  return settings;
}

// Different people at the same place, as a still camera may see them; noise as it has.
std::vector<cv::Mat> people(int count) {
  std::vector<cv::Mat> pictures;
  cv::RNG random(5);
  for (int i = 0; i < count; ++i) {
    cv::Mat picture = render_portrait({240, 240}, i % cast_size()).bgr, noise(240, 240, CV_8UC3);
    random.fill(noise, cv::RNG::UNIFORM, 0, 12);
    pictures.push_back(picture + noise);
  }
  return pictures;
}

std::vector<cv::Mat> protected_by(const std::vector<cv::Mat>& pictures, bool fixed) {
  std::vector<cv::Mat> changed;
  for (std::size_t i = 0; i < pictures.size(); ++i)
    changed.push_back(protect(pictures[i], {face}, shuffled(8000), fixed ? 1 : i)[0].bgr);
  return changed;
}

double restored(bool fixed) {
  const auto clear = people(6), changed = protected_by(clear, fixed);
  const std::span<const cv::Mat> before(clear), after(changed);
  const KnownPlaintext attack(before.first(5), after.first(5));
  return restored_share(clear[5], changed[5], attack.restore(changed[5]));
}

TEST(KnownPlaintext, UndoesAPermutationThatServesTwice) { EXPECT_GT(restored(true), 0.99); }

TEST(KnownPlaintext, IsOfNoUseAgainstANewPermutationEachTime) { EXPECT_LT(restored(false), 0.05); }

TEST(KnownPlaintext, NeedsPairsOfOneSize) {
  const cv::Mat small(8, 8, CV_8UC3), large(9, 8, CV_8UC3);
  const std::vector<cv::Mat> one{small}, two{small, large}, none;
  EXPECT_THROW(KnownPlaintext(none, none), std::invalid_argument);
  EXPECT_THROW(KnownPlaintext(one, two), std::invalid_argument);
  EXPECT_THROW(KnownPlaintext(two, two), std::invalid_argument);
}

const Restoration& restoration(std::string_view name) {
  return *std::ranges::find(restorations(), name, &Restoration::name);
}

// A face from which only single pixels were taken: the rest tells what they were.
TEST(Restorations, FiltersUndoAThinShuffle) {
  const cv::Mat clear = render_portrait({240, 240}, 1).bgr;
  const cv::Mat changed = protect(clear, {face}, shuffled(300), 1)[0].bgr;
  const cv::Mat result = restoration("median").apply(std::vector{changed});
  const cv::Rect core(75, 70, 80, 80);
  EXPECT_GT(psnr(clear(core), result(core)), psnr(clear(core), changed(core)) + 3);
}

TEST(Restorations, AveragingFramesTakesTheShuffleAway) {
  const cv::Mat clear = render_portrait({240, 240}, 1).bgr;
  const auto& averaging = restoration("averaging");
  std::vector<cv::Mat> fresh, fixed;
  for (const auto& frame : protect(clear, {face}, shuffled(8000), 1, averaging.frames))
    fresh.push_back(frame.bgr);
  for (int i = 0; i < averaging.frames; ++i)
    fixed.push_back(protect(clear, {face}, shuffled(8000), 1)[0].bgr);
  // Of new permutations the mean stays, which is nearer to the face; a fixed one is not touched.
  EXPECT_GT(psnr(clear, averaging.apply(fresh)), psnr(clear, fresh[0]) + 2);
  EXPECT_EQ(cv::norm(averaging.apply(fixed), fixed[0], cv::NORM_INF), 0);
}

TEST(Restorations, EveryEntryIsUsable) {
  for (const Restoration& entry : restorations()) {
    const std::vector<cv::Mat> frames(static_cast<std::size_t>(entry.frames),
                                      cv::Mat(16, 16, CV_8UC3, cv::Scalar(10, 20, 30)));
    const cv::Mat result = entry.apply(frames);
    EXPECT_EQ(cv::norm(result, frames[0], cv::NORM_INF), 0) << entry.name;
  }
}

// What all of a face's permutations leave: an attacker needs no more where colours differ.
TEST(Histogram, SurvivesAPermutationOfTheWholeFace) {
  const auto embedder = make_histogram_embedder();
  cv::Mat aligned = align(render_portrait({240, 240}, 3).bgr, five_points(*face.landmarks));
  const Embedding before = embedder->embed(aligned);
  cv::RNG random(1);
  cv::randShuffle(aligned, 1, &random);
  EXPECT_NEAR(cosine(before, embedder->embed(aligned)), 1, 1e-6);
  EXPECT_LT(cosine(before, embedder->embed(cv::Mat(aligned / 2))), 0.9);
}

TEST(Lbph, DoesNotSeeBrightnessButTexture) {
  cv::Mat face_only = align(render_portrait({240, 240}, 3).bgr, five_points(*face.landmarks)), grey;
  cv::extractChannel(face_only, grey, 1);
  grey = grey / 2;
  const Embedding before = lbph(grey);
  EXPECT_NEAR(cosine(before, before), 1, 1e-5);
  EXPECT_NEAR(cosine(before, lbph(cv::Mat(grey + 20))), 1, 1e-5);
  cv::RNG random(1);
  cv::randShuffle(grey, 1, &random);
  EXPECT_LT(cosine(before, lbph(grey)), 0.9);
}

TEST(Protect, RepeatsWithTheSeedAlone) {
  const cv::Mat clear = render_portrait({240, 240}, 0).bgr;
  const auto draw = [&](std::uint64_t seed) {
    return protect(clear, {face}, shuffled(8000), seed)[0].bgr;
  };
  EXPECT_EQ(cv::norm(draw(1), draw(1), cv::NORM_INF), 0);
  EXPECT_GT(cv::norm(draw(1), draw(2), cv::NORM_INF), 0);
}

}  // namespace
}  // namespace faceperturb::eval
