// SPDX-License-Identifier: LGPL-2.1-or-later
// What a permutation that serves for several frames gives away, as the element draws it.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <opencv2/core.hpp>

#include "eval/attacks.h"
#include "eval/metrics.h"
#include "eval/scene.h"
#include "protector.h"
#include "support/faces.h"
#include "support/random.h"

namespace faceperturb::eval {
namespace {

const Face face = test::upright_face({60, 50, 110, 110});

// Frames of a still camera: those of one person, with its noise, or each of another.
std::vector<cv::Mat> frames(int count, std::uint64_t seed, bool one_person) {
  std::vector<cv::Mat> pictures;
  cv::RNG random(seed);
  for (int i = 0; i < count; ++i) {
    const cv::Mat clean = render_portrait({240, 240}, one_person ? 0 : i % cast_size()).bgr;
    cv::Mat noise(clean.size(), CV_16SC3), noisy;
    random.fill(noise, cv::RNG::NORMAL, 0, 3);
    cv::add(clean, noise, noisy, cv::noArray(), CV_8UC3);
    pictures.push_back(noisy);
  }
  return pictures;
}

std::vector<cv::Mat> protect(std::vector<cv::Mat> pictures, int rekey_interval) {
  Protector protector(test::fixed_secret());
  for (cv::Mat& picture : pictures) {
    picture = picture.clone();
    const Frame frame{&format_info(PixelFormat::bgr),
                      picture.cols,
                      picture.rows,
                      {Plane{picture.data, static_cast<std::ptrdiff_t>(picture.step)}}};
    Verdict verdict{FrameState::checked, {face}, ""};
    protector.protect(frame, verdict, {.regions = Regions::face, .rekey_interval = rekey_interval});
  }
  return pictures;
}

// Two frames are known in the clear, a third is not.
double share_from_two_known(int rekey_interval) {
  const auto clear = frames(3, 1, false), changed = protect(clear, rekey_interval);
  const std::span<const cv::Mat> before(clear), after(changed);
  const KnownPlaintext attack(before.first(2), after.first(2));
  return restored_share(clear[2], changed[2], attack.restore(changed[2]));
}

TEST(Rekeying, TwoKnownFramesOpenTheRestOfAnInterval) {
  EXPECT_GT(share_from_two_known(1000), 0.8);
  EXPECT_LT(share_from_two_known(1), 0.05);
}

cv::Mat mean_luma(const std::vector<cv::Mat>& pictures) {
  cv::Mat sum(pictures[0].size(), CV_32FC1, cv::Scalar(0));
  for (const cv::Mat& picture : pictures) {
    cv::Mat luma;
    cv::transform(picture, luma, cv::Matx13f(0.114F, 0.587F, 0.299F));
    luma.convertTo(luma, CV_32F);
    sum += luma;
  }
  return sum / static_cast<double>(pictures.size());
}

// Other frames of the person are known in the clear, none of them beside a protected one. Means
// take the noise away, and the k-th darkest place of the one must be the k-th darkest of the other.
double psnr_by_averaging(int rekey_interval) {
  const auto known = frames(60, 2, true), clear = frames(60, 3, true);
  const auto changed = protect(clear, rekey_interval);
  const cv::Mat before = mean_luma(known), after = mean_luma(changed);
  cv::Mat moved;
  cv::extractChannel(clear[0] != changed[0], moved, 0);
  std::vector<int> places;
  for (int i = 0; i < static_cast<int>(moved.total()); ++i)
    if (moved.data[i]) places.push_back(i);
  auto by_known = places, by_changed = places;
  const auto sort = [](std::vector<int>& order, const cv::Mat& by) {
    std::ranges::sort(order, {}, [&](int i) { return by.at<float>(i / by.cols, i % by.cols); });
  };
  sort(by_known, before);
  sort(by_changed, after);
  // What a protected frame of now shows, put to where it came from.
  double error = 0;
  for (std::size_t k = 0; k < places.size(); ++k) {
    const auto at = [](const cv::Mat& picture, int i) {
      return picture.at<cv::Vec3b>(i / picture.cols, i % picture.cols);
    };
    const cv::Vec3i is = at(changed[59], by_changed[k]), was = at(clear[59], by_known[k]);
    error += (is - was).dot(is - was);
  }
  return 10 * std::log10(255.0 * 255.0 * 3 * static_cast<double>(places.size()) / error);
}

TEST(Rekeying, AveragingOpensALongIntervalAndNotAShortOne) {
  EXPECT_GT(psnr_by_averaging(1000), 28);
  EXPECT_LT(psnr_by_averaging(1), 20);
}

}  // namespace
}  // namespace faceperturb::eval
