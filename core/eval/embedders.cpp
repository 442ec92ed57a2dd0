// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/embedders.h"

#include <array>
#include <bit>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>

#include "eval/align.h"
#include "faces/detector.h"

namespace faceperturb::eval {
namespace {

void scale_to_unit_length(Embedding& e) {
  const float length = std::sqrt(cosine(e, e));
  if (length > 0)
    for (float& value : e) value /= length;
}

class NetEmbedder final : public Embedder {
 public:
  explicit NetEmbedder(const std::string& file) : net_(cv::dnn::readNet(file)) {}

  Embedding embed(const cv::Mat& aligned) override {
    cv::Mat rgb;
    cv::cvtColor(aligned, rgb, cv::COLOR_BGR2RGB);
    rgb.convertTo(rgb, CV_32F, 1 / 255.0);
    cv::subtract(rgb, cv::Scalar(0.485, 0.456, 0.406), rgb);
    cv::divide(rgb, cv::Scalar(0.229, 0.224, 0.225), rgb);
    net_.setInput(cv::dnn::blobFromImage(rgb));
    const cv::Mat out = net_.forward();
    Embedding result(out.ptr<float>(), out.ptr<float>() + out.total());
    scale_to_unit_length(result);
    return result;
  }

 private:
  cv::dnn::Net net_;
};

constexpr int blocks = 7;
constexpr int patterns = 59;  // 58 with at most two changes around the circle, and all others

unsigned pattern_at(const cv::Mat& grey, int y, int x) {
  static constexpr std::array<std::array<int, 2>, 8> around{
      {{-1, -1}, {-1, 0}, {-1, 1}, {0, 1}, {1, 1}, {1, 0}, {1, -1}, {0, -1}}};
  const auto middle = grey.at<std::uint8_t>(y, x);
  unsigned bits = 0;
  for (const auto& [dy, dx] : around)
    bits = bits << 1 | (grey.at<std::uint8_t>(y + dy, x + dx) >= middle ? 1U : 0U);
  return bits;
}

int bin_of(unsigned pattern) {
  static const auto table = [] {
    std::array<int, 256> result{};
    int next = 0;
    for (unsigned p = 0; p < result.size(); ++p) {
      const unsigned turned = (p << 1 | p >> 7) & 0xFF;
      result[p] = std::popcount(p ^ turned) <= 2 ? next++ : patterns - 1;
    }
    return result;
  }();
  return table[pattern];
}

class HistogramEmbedder final : public Embedder {
 public:
  Embedding embed(const cv::Mat& aligned) override {
    Embedding result(bins * bins * bins);
    for (int y = 0; y < aligned.rows; ++y)
      for (int x = 0; x < aligned.cols; ++x) {
        const auto& p = aligned.at<cv::Vec3b>(y, x);
        ++result[(p[0] * bins / 256 * bins + p[1] * bins / 256) * bins + p[2] * bins / 256];
      }
    for (float& value : result) value = std::sqrt(value);
    scale_to_unit_length(result);
    return result;
  }

 private:
  static constexpr std::size_t bins = 8;
};

}  // namespace

std::unique_ptr<Embedder> make_net_embedder(const std::string& file) {
  if (!std::filesystem::is_regular_file(file)) throw ModelError("'" + file + "' does not exist");
  try {
    auto embedder = std::make_unique<NetEmbedder>(file);
    if (embedder->embed(cv::Mat(aligned_size, aligned_size, CV_8UC3, cv::Scalar::all(99))).empty())
      throw ModelError("'" + file + "' gives no numbers");
    return embedder;
  } catch (const cv::Exception&) {
    throw ModelError("'" + file + "' is no network that embeds a 112x112 face, or is damaged");
  }
}

std::unique_ptr<Embedder> make_histogram_embedder() {
  return std::make_unique<HistogramEmbedder>();
}

Embedding lbph(const cv::Mat& aligned) {
  Embedding result(static_cast<std::size_t>(blocks * blocks * patterns));
  for (int y = 1; y + 1 < aligned.rows; ++y)
    for (int x = 1; x + 1 < aligned.cols; ++x) {
      const int block = y * blocks / aligned.rows * blocks + x * blocks / aligned.cols;
      ++result[static_cast<std::size_t>(block * patterns + bin_of(pattern_at(aligned, y, x)))];
    }
  for (float& value : result) value = std::sqrt(value);
  scale_to_unit_length(result);
  return result;
}

float cosine(const Embedding& a, const Embedding& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.F);
}

}  // namespace faceperturb::eval
