// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/eigenspace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "eval/scene.h"
#include "perturb/permutation.h"
#include "support/random.h"

namespace faceperturb::eval {
namespace {

std::vector<cv::Mat> random_faces(int count, cv::Size size) {
  std::vector<cv::Mat> faces;
  cv::RNG random(3);
  for (int i = 0; i < count; ++i)
    random.fill(faces.emplace_back(size, CV_8U), cv::RNG::UNIFORM, 0, 256);
  return faces;
}

cv::Mat row(const cv::Mat& face) {
  cv::Mat result;
  face.convertTo(result, CV_64F, 1 / 255.0);
  return result.reshape(1, 1);
}

TEST(Eigenspace, TheSmallMatrixGivesTheEigenfacesOfTheCovariance) {
  const auto faces = random_faces(6, {5, 4});
  cv::Mat rows;
  for (const auto& face : faces) rows.push_back(row(face));
  cv::Mat covariance, mean, values, vectors;
  cv::calcCovarMatrix(rows, covariance, mean, cv::COVAR_NORMAL | cv::COVAR_ROWS | cv::COVAR_SCALE);
  cv::eigen(covariance, values, vectors);  // 20 x 20

  const Eigenspace space(faces, 3);
  ASSERT_EQ(space.components(), 3);
  const auto coordinates = space.project(faces[2]);
  for (int k = 0; k < 3; ++k) {
    const double direct = (row(faces[2]) - mean).dot(vectors.row(k));
    EXPECT_NEAR(std::abs(coordinates[static_cast<std::size_t>(k)]), std::abs(direct), 1e-4) << k;
  }
}

TEST(Eigenspace, ProjectionOnlyContracts) {
  const auto faces = random_faces(12, {8, 8});
  const Eigenspace space(faces, 5);
  for (std::size_t i = 1; i < faces.size(); ++i) {
    const double before = cv::norm(row(faces[0]), row(faces[i]), cv::NORM_L2SQR);
    const double after = squared_distance(space.project(faces[0]), space.project(faces[i]));
    EXPECT_LT(after, before * (1 + 1e-5));
    EXPECT_GT(after, 0);
  }
}

TEST(Eigenspace, TheAverageFaceIsTheMean) {
  const std::vector<cv::Mat> faces{cv::Mat(4, 4, CV_8U, cv::Scalar(10)),
                                   cv::Mat(4, 4, CV_8U, cv::Scalar(30))};
  EXPECT_EQ(cv::norm(Eigenspace(faces, 1).average(), cv::Mat(4, 4, CV_8U, cv::Scalar(20))), 0);
}

// E||x - pi x||^2 = 2 n sigma^2 for a uniformly random permutation pi of n values of variance
// sigma^2.
TEST(PermutationDistance, MeanIsTwiceTheVariance) {
  constexpr std::size_t n = 200;
  std::vector<float> x(n);
  std::mt19937 numbers(1);
  for (float& value : x) value = static_cast<float>(numbers() % 1000) / 1000;
  const double mean = std::accumulate(x.begin(), x.end(), 0.0) / n;
  double variance = 0;
  for (const float value : x) variance += (value - mean) * (value - mean) / n;

  const Secret secret = test::fixed_secret();
  RandomStream random(secret, 0, 0);
  std::vector<std::uint32_t> from;
  std::vector<float> y(n);
  constexpr int draws = 4000;
  double sum = 0;
  for (int i = 0; i < draws; ++i) {
    random_permutation(n, random, from);
    for (std::size_t k = 0; k < n; ++k) y[k] = x[from[k]];
    sum += squared_distance(x, y) / draws;
  }
  EXPECT_NEAR(sum, 2 * n * variance, 0.01 * 2 * n * variance);
}

TEST(PermutationDistance, MaximumIsTheReversedRankOrder) {
  const std::vector<float> x{3, 1, 4, 1.5F, 9, 2.6F, 5};
  auto order = x;
  std::ranges::sort(order);
  double most = 0;
  do most = std::max(most, squared_distance(x, order));
  while (std::next_permutation(order.begin(), order.end()));

  auto sorted = x;
  std::ranges::sort(sorted);
  std::vector<float> reversed(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto rank = static_cast<std::size_t>(std::ranges::find(sorted, x[i]) - sorted.begin());
    reversed[i] = sorted[x.size() - 1 - rank];
  }
  EXPECT_NEAR(squared_distance(x, reversed), most, 1e-6);
}

TEST(Theta, IsTheLargestDistanceWithFewLosses) {
  const std::vector<Moved> moved{{4, false}, {1, true}, {3, true}, {2, true}, {5, false}};
  EXPECT_EQ(theta(moved, 0), 3);
  EXPECT_EQ(theta(moved, 0.25), 4);
  EXPECT_EQ(theta(moved, 0.4), 5);
  EXPECT_EQ(theta({{1, false}}, 0.1), 0);
  EXPECT_EQ(theta({}, 0.1), 0);
}

TEST(Theta, EqualDistancesStandOrFallTogether) {
  EXPECT_EQ(theta({{1, true}, {2, true}, {2, false}}, 0), 1);
}

}  // namespace
}  // namespace faceperturb::eval
