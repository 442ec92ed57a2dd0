// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perturb/cae.h"

#include <gtest/gtest.h>

#include <chrono>
#include <complex>
#include <filesystem>
#include <iostream>
#include <limits>
#include <opencv2/imgproc.hpp>
#include <stdexcept>
#include <thread>
#include <vector>

#include "assets/average_face.h"
#include "eval/scene.h"

namespace faceperturb::test {
namespace {

using Landmarks = std::array<Point, 68>;

// The face as the network wants it: see cae.h.
cv::Mat aligned(const cv::Mat& bgr, const Landmarks& landmarks) {
  using Complex = std::complex<double>;
  const auto& average = average_face().landmarks;
  const auto from = [&](std::size_t i) { return Complex(landmarks[i].x, landmarks[i].y); };
  const auto to = [&](std::size_t i) {
    return (Complex(average[i].x, average[i].y) - Complex(cae_origin.x, cae_origin.y)) /
           static_cast<double>(cae_step);
  };
  Complex from_mean, to_mean, dot;
  double norm = 0;
  for (std::size_t i = 0; i < 68; ++i) {
    from_mean += from(i) / 68.0;
    to_mean += to(i) / 68.0;
  }
  for (std::size_t i = 0; i < 68; ++i) {
    dot += std::conj(from(i) - from_mean) * (to(i) - to_mean);
    norm += std::norm(from(i) - from_mean);
  }
  const Complex turn = dot / norm, shift = to_mean - turn * from_mean;
  const cv::Matx23d map(turn.real(), -turn.imag(), shift.real(),  //
                        turn.imag(), turn.real(), shift.imag());
  cv::Mat face;
  bgr.convertTo(face, CV_32FC3, 1 / 255.0);
  cv::GaussianBlur(face, face, {}, 0.5 / std::abs(turn));
  cv::warpAffine(face, face, map, {cae_size, cae_size});
  cv::cvtColor(face, face, cv::COLOR_BGR2RGB);
  return face;
}

cv::Mat average() { return aligned(average_face().bgr, average_face().landmarks); }

std::vector<cv::Mat> cast_faces() {
  std::vector<cv::Mat> faces;
  for (int person = 0; person < eval::cast_size(); ++person) {
    const eval::SceneFrame frame = eval::render_portrait({480, 480}, person);
    faces.push_back(aligned(frame.bgr, frame.faces.front().landmarks));
  }
  return faces;
}

cv::Mat plain(double value) { return {cae_size, cae_size, CV_32FC3, cv::Scalar::all(value)}; }

cv::Mat noise() {
  cv::Mat picture = plain(0);
  cv::RNG(1).fill(picture, cv::RNG::UNIFORM, 0, 1);
  return picture;
}

cv::Mat decoded(Autoencoder& autoencoder, const cv::Mat& face) {
  cv::Mat result = face.clone();
  autoencoder.run(result);
  return result;
}

bool same(const cv::Mat& a, const cv::Mat& b) { return cv::norm(a, b, cv::NORM_INF) == 0; }

// The mean share of a face that is fine detail.
double detail(const cv::Mat& face) {
  cv::Mat smooth;
  cv::GaussianBlur(face, smooth, {}, 1.0);
  return cv::norm(face, smooth, cv::NORM_L2);
}

// From -1 to 1: whether two pictures are light and dark in the same places.
double likeness(const cv::Mat& a, const cv::Mat& b) {
  cv::Mat x, y, result;
  cv::cvtColor(a, x, cv::COLOR_RGB2GRAY);
  cv::cvtColor(b, y, cv::COLOR_RGB2GRAY);
  cv::matchTemplate(x, y, result, cv::TM_CCOEFF_NORMED);
  return result.at<float>(0, 0);
}

TEST(Cae, OutputIsInRangeWhateverIsGiven) {
  Autoencoder autoencoder;
  std::vector<cv::Mat> inputs = cast_faces();
  for (const cv::Mat& input : {average(), plain(0), plain(0.5), plain(1), noise()})
    inputs.push_back(input);
  for (const cv::Mat& input : inputs) {
    const cv::Mat output = decoded(autoencoder, input);
    ASSERT_EQ(output.size(), input.size());
    ASSERT_EQ(output.type(), input.type());
    EXPECT_TRUE(cv::checkRange(output.reshape(1), true, nullptr, 0, 1 + 1e-6));
  }
}

TEST(Cae, AverageFaceIsKept) {
  Autoencoder autoencoder;
  const cv::Mat face = average();
  const double psnr = cv::PSNR(face, decoded(autoencoder, face), 1);
  std::cout << "PSNR of the average face: " << psnr << " dB\n";
  EXPECT_GT(psnr, 27);
}

TEST(Cae, DecodesAFaceFromAPlainPicture) {
  Autoencoder autoencoder;
  EXPECT_GT(likeness(decoded(autoencoder, plain(0.5)), average()), 0.5);
}

TEST(Cae, FacesComeCloserToEachOtherAndLoseDetail) {
  Autoencoder autoencoder;
  const std::vector<cv::Mat> before = cast_faces();
  ASSERT_GE(before.size(), 2U);
  std::vector<cv::Mat> after;
  for (const cv::Mat& face : before) after.push_back(decoded(autoencoder, face));
  const cv::Rect inner(12, 12, 40, 46);  // brows to chin
  double distance_before = 0, distance_after = 0, likeness_before = 0, likeness_after = 0;
  int pairs = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_LT(detail(after[i](inner)), detail(before[i](inner))) << i;
    for (std::size_t j = 0; j < i; ++j, ++pairs) {
      const double was = likeness(before[i](inner), before[j](inner));
      const double is = likeness(after[i](inner), after[j](inner));
      EXPECT_GT(is, was) << i << ' ' << j;
      likeness_before += was;
      likeness_after += is;
      distance_before += cv::norm(before[i](inner), before[j](inner));
      distance_after += cv::norm(after[i](inner), after[j](inner));
    }
  }
  std::cout << "likeness of two faces: " << likeness_before / pairs << " before, "
            << likeness_after / pairs << " after; distance: " << distance_after / distance_before
            << " of what it was\n";
  EXPECT_LT(distance_after, distance_before);
}

TEST(Cae, SameFaceGivesTheSameWhateverCameBeforeAndOnWhicheverThread) {
  Autoencoder first, second;
  const cv::Mat face = average(), expected = decoded(first, face);
  decoded(first, noise());
  EXPECT_TRUE(same(decoded(first, face), expected));
  cv::Mat other;
  std::thread thread([&] {
    for (int i = 0; i < 20; ++i) other = decoded(second, face);
  });
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(same(decoded(first, face), expected));
  thread.join();
  EXPECT_TRUE(same(other, expected));
  Autoencoder moved = std::move(first);
  EXPECT_TRUE(same(decoded(moved, face), expected));
}

TEST(Cae, RowsMayLieApart) {
  Autoencoder autoencoder;
  const cv::Mat face = average();
  cv::Mat wide(cae_size + 2, cae_size + 9, CV_32FC3, cv::Scalar::all(-7));
  cv::Mat part = wide({3, 1, cae_size, cae_size});
  face.copyTo(part);
  autoencoder.run(part);
  EXPECT_TRUE(same(part, decoded(autoencoder, face)));
  part.setTo(cv::Scalar::all(-7));
  EXPECT_TRUE(same(wide, cv::Mat(wide.size(), wide.type(), cv::Scalar::all(-7))));
}

TEST(Cae, RefusesOtherPictures) {
  Autoencoder autoencoder;
  for (cv::Mat face :
       {cv::Mat(), cv::Mat(cae_size, cae_size, CV_8UC3), cv::Mat(cae_size, cae_size, CV_32FC1),
        cv::Mat(cae_size, cae_size + 1, CV_32FC3)})
    EXPECT_THROW(autoencoder.run(face), std::invalid_argument);
}

TEST(Cae, WeightsAreSmallEnoughToShip) {
  const auto size = std::filesystem::file_size(SOURCE_ROOT "/core/assets/cae.weights");
  std::cout << "weights: " << size << " bytes\n";
  EXPECT_LE(size, 300'000U);
}

// Figures, not marks: the machine may have other things to do.
TEST(Cae, Speed) {
  using Clock = std::chrono::steady_clock;
  using Milliseconds = std::chrono::duration<double, std::milli>;
  const auto start = Clock::now();
  Autoencoder autoencoder;
  const Milliseconds setup = Clock::now() - start;
  cv::Mat face = average();
  Milliseconds best{std::numeric_limits<double>::max()};
  for (int i = 0; i < 100; ++i) {
    const auto before = Clock::now();
    autoencoder.run(face);
    best = std::min<Milliseconds>(best, Clock::now() - before);
  }
  std::cout << "construction: " << setup.count() << " ms; one face: " << best.count() << " ms\n";
  EXPECT_TRUE(cv::checkRange(face.reshape(1)));
}

}  // namespace
}  // namespace faceperturb::test
