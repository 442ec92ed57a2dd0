// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/attacks.h"

#include <array>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <stdexcept>
#include <string>
#include <unordered_map>

namespace faceperturb::eval {
namespace {

cv::Mat median(std::span<const cv::Mat> frames) {
  cv::Mat result;
  cv::medianBlur(frames.front(), result, 5);
  return result;
}

cv::Mat low_pass(std::span<const cv::Mat> frames) {
  cv::Mat result;
  cv::GaussianBlur(frames.front(), result, {}, 2);
  return result;
}

cv::Mat average(std::span<const cv::Mat> frames) {
  cv::Mat sum = cv::Mat::zeros(frames.front().size(), CV_32FC3);
  for (const cv::Mat& frame : frames) cv::accumulate(frame, sum);
  cv::Mat result;
  sum.convertTo(result, CV_8U, 1.0 / static_cast<double>(frames.size()));
  return result;
}

constexpr std::array table{
    Restoration{"median", "median of 5x5 pixels", 1, median},
    Restoration{"low-pass", "Gaussian low-pass, sigma 2", 1, low_pass},
    Restoration{"averaging", "mean of 16 frames of a still face", 16, average},
};

// The values of one pixel in all pictures.
std::string signature(std::span<const cv::Mat> pictures, int pixel) {
  std::string result;
  for (const cv::Mat& picture : pictures) {
    const auto& p = picture.at<cv::Vec3b>(pixel / picture.cols, pixel % picture.cols);
    result.append({static_cast<char>(p[0]), static_cast<char>(p[1]), static_cast<char>(p[2])});
  }
  return result;
}

}  // namespace

std::span<const Restoration> restorations() { return table; }

KnownPlaintext::KnownPlaintext(std::span<const cv::Mat> clear, std::span<const cv::Mat> changed) {
  if (clear.empty() || clear.size() != changed.size())
    throw std::invalid_argument("known plaintext needs pairs of pictures");
  for (std::size_t i = 0; i < clear.size(); ++i)
    if (clear[i].size() != clear[0].size() || changed[i].size() != clear[0].size() ||
        clear[i].type() != CV_8UC3 || changed[i].type() != CV_8UC3)
      throw std::invalid_argument("known plaintext needs colour pictures of one size");

  constexpr int several = -1;
  std::unordered_map<std::string, int> origins;
  const int pixels = static_cast<int>(clear[0].total());
  for (int i = 0; i < pixels; ++i) {
    const auto [place, isnew] = origins.try_emplace(signature(clear, i), i);
    if (!isnew) place->second = several;
  }
  for (int i = 0; i < pixels; ++i) {
    const auto origin = origins.find(signature(changed, i));
    if (origin != origins.end() && origin->second != several && origin->second != i)
      moves_.push_back({i, origin->second});
  }
}

cv::Mat KnownPlaintext::restore(const cv::Mat& changed) const {
  cv::Mat result = changed.clone();
  const auto at = [](auto& picture, int pixel) -> auto& {
    return picture.template at<cv::Vec3b>(pixel / picture.cols, pixel % picture.cols);
  };
  for (const Move& move : moves_) at(result, move.to) = at(changed, move.from);
  return result;
}

double restored_share(const cv::Mat& clear, const cv::Mat& changed, const cv::Mat& restored) {
  int different = 0, right = 0;
  for (int y = 0; y < clear.rows; ++y)
    for (int x = 0; x < clear.cols; ++x) {
      const auto& was = clear.at<cv::Vec3b>(y, x);
      if (changed.at<cv::Vec3b>(y, x) == was) continue;
      ++different;
      right += restored.at<cv::Vec3b>(y, x) == was;
    }
  return different ? static_cast<double>(right) / different : 1;
}

}  // namespace faceperturb::eval
