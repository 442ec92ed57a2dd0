// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/quality/qualitypsnr.hpp>
#include <random>

#include "eval/scene.h"

namespace faceperturb::eval {
namespace {

cv::Mat noisy(const cv::Mat& picture, double sigma) {
  cv::Mat noise(picture.size(), CV_16SC(picture.channels())), result;
  cv::RNG random(7);
  random.fill(noise, cv::RNG::NORMAL, 0, sigma);
  picture.convertTo(result, noise.type());
  result += noise;
  result.convertTo(result, picture.type());
  return result;
}

// Wang et al. 2004, written out pixel by pixel.
double ssim_by_hand(const cv::Mat& a, const cv::Mat& b) {
  const double c1 = 0.01 * 255 * 0.01 * 255, c2 = 0.03 * 255 * 0.03 * 255;
  double sum = 0;
  for (int y = 0; y < a.rows; ++y)
    for (int x = 0; x < a.cols; ++x) {
      double weights = 0, ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
      for (int dy = -5; dy <= 5; ++dy)
        for (int dx = -5; dx <= 5; ++dx) {
          const double w = std::exp(-(dx * dx + dy * dy) / (2 * 1.5 * 1.5));
          const int row = cv::borderInterpolate(y + dy, a.rows, cv::BORDER_REFLECT_101);
          const int column = cv::borderInterpolate(x + dx, a.cols, cv::BORDER_REFLECT_101);
          const double p = a.at<std::uint8_t>(row, column), q = b.at<std::uint8_t>(row, column);
          weights += w;
          ma += w * p;
          mb += w * q;
          aa += w * p * p;
          bb += w * q * q;
          ab += w * p * q;
        }
      ma /= weights;
      mb /= weights;
      const double va = aa / weights - ma * ma, vb = bb / weights - mb * mb,
                   covariance = ab / weights - ma * mb;
      sum +=
          (2 * ma * mb + c1) * (2 * covariance + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2));
    }
  return sum / static_cast<double>(a.total());
}

TEST(Metrics, SsimIsThatOfItsDefinition) {
  cv::Mat picture;
  cv::cvtColor(render_portrait({96, 80}, 1).bgr, picture, cv::COLOR_BGR2GRAY);
  for (const double sigma : {2.0, 15.0, 60.0}) {
    const cv::Mat changed = noisy(picture, sigma);
    EXPECT_NEAR(ssim(picture, changed), ssim_by_hand(picture, changed), 1e-3) << sigma;
  }
  EXPECT_DOUBLE_EQ(ssim(picture, picture), 1);
}

TEST(Metrics, SsimOfColourIsThatOfLuma) {
  const cv::Mat colour = render_portrait({96, 80}, 2).bgr, changed = noisy(colour, 20);
  cv::Mat grey, grey_changed;
  cv::cvtColor(colour, grey, cv::COLOR_BGR2GRAY);
  cv::cvtColor(changed, grey_changed, cv::COLOR_BGR2GRAY);
  EXPECT_DOUBLE_EQ(ssim(colour, changed), ssim(grey, grey_changed));
}

TEST(Metrics, PsnrAgreesWithOpenCv) {
  const cv::Mat colour = render_portrait({96, 80}, 0).bgr, changed = noisy(colour, 12);
  // OpenCV gives one value a channel; errors, not decibels, are averaged.
  const auto by_channel = cv::quality::QualityPSNR::compute(colour, changed, cv::noArray());
  double squares = 0;
  for (int c = 0; c < 3; ++c) squares += 255 * 255 / std::pow(10, by_channel[c] / 10) / 3;
  EXPECT_NEAR(psnr(colour, changed), 10 * std::log10(255 * 255 / squares), 1e-3);
  EXPECT_TRUE(std::isinf(psnr(colour, colour)));
}

TEST(Metrics, PsnrByHand) {
  const cv::Mat black(10, 10, CV_8UC3, cv::Scalar::all(0)),
      dark(10, 10, CV_8UC3, cv::Scalar::all(51));
  EXPECT_NEAR(psnr(black, dark), 20 * std::log10(5), 1e-9);  // 255 / 51
}

TEST(Metrics, OverlapByHand) {
  const Rect a{0, 0, 10, 10};
  EXPECT_DOUBLE_EQ(iou(a, a), 1);
  EXPECT_DOUBLE_EQ(iou(a, {5, 0, 10, 10}), 50.0 / 150);
  EXPECT_DOUBLE_EQ(iou(a, {2, 2, 5, 5}), 25.0 / 100);
  EXPECT_DOUBLE_EQ(iou(a, {10, 0, 10, 10}), 0);
  EXPECT_DOUBLE_EQ(iou(a, {50, 50, 1, 1}), 0);
}

}  // namespace
}  // namespace faceperturb::eval
