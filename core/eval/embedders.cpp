// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/embedders.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>
#include <sstream>
#include <string_view>

#include "eval/align.h"
#include "faces/detector.h"

namespace faceperturb::eval {
namespace {

void scale_to_unit_length(Embedding& e) {
  const float length = std::sqrt(cosine(e, e));
  if (length > 0)
    for (float& value : e) value /= length;
}

// What is done to a pixel's value in 0..1, RGB: less `mean`, over `deviation`.
struct Range {
  std::string_view name;
  cv::Scalar mean, deviation;
};
const std::array ranges{
    Range{"imagenet", {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}},
    Range{"-1..1", cv::Scalar::all(0.5), cv::Scalar::all(0.5)},
    Range{"0..1", cv::Scalar::all(0), cv::Scalar::all(1)},
    Range{"0..255", cv::Scalar::all(0), cv::Scalar::all(1 / 255.0)},
};

struct NetSettings {
  std::vector<std::string> files;  // one or two
  int size = aligned_size;
  const Range* range = &ranges[0];
  bool bgr = false;
};

int size_of(std::string_view text) {
  int size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  return error == std::errc() && end == text.data() + text.size() ? size : 0;
}

NetSettings read(const std::string& model) {
  NetSettings settings;
  if (std::filesystem::is_regular_file(model)) {  // a name may have commas in it
    settings.files = {model};
    return settings;
  }
  std::istringstream parts(model);
  for (std::string part; std::getline(parts, part, ',');) {
    if (part.starts_with("size=")) {
      settings.size = size_of(std::string_view(part).substr(5));
      if (settings.size < 16 || settings.size > 1024)
        throw ModelError("'" + part + "' of '" + model + "' is no size from 16 to 1024");
    } else if (part.starts_with("input=")) {
      settings.range = std::ranges::find(ranges, std::string_view(part).substr(6), &Range::name);
      if (settings.range == ranges.end())
        throw ModelError("'" + part + "' of '" + model +
                         "' is none of imagenet, -1..1, 0..1, 0..255");
    } else if (part == "bgr") {
      settings.bgr = true;
    } else {
      settings.files.push_back(part);
    }
  }
  if (settings.files.empty() || settings.files.size() > 2)
    throw ModelError("'" + model + "' is not FILE[,CONFIG][,size=N][,input=RANGE][,bgr]");
  return settings;
}

class NetEmbedder final : public Embedder {
 public:
  explicit NetEmbedder(NetSettings settings)
      : net_(cv::dnn::readNet(settings.files.front(),
                              settings.files.size() > 1 ? settings.files[1] : "")),
        settings_(std::move(settings)) {}

  Embedding embed(const cv::Mat& aligned) override {
    cv::Mat input;
    const int interpolation = settings_.size < aligned.cols ? cv::INTER_AREA : cv::INTER_LINEAR;
    cv::resize(aligned, input, {settings_.size, settings_.size}, 0, 0, interpolation);
    cv::cvtColor(input, input, cv::COLOR_BGR2RGB);
    input.convertTo(input, CV_32F, 1 / 255.0);
    cv::subtract(input, settings_.range->mean, input);
    cv::divide(input, settings_.range->deviation, input);
    net_.setInput(cv::dnn::blobFromImage(input, 1, {}, {}, settings_.bgr));
    const cv::Mat out = net_.forward();
    Embedding result(out.ptr<float>(), out.ptr<float>() + out.total());
    scale_to_unit_length(result);
    return result;
  }

 private:
  cv::dnn::Net net_;
  NetSettings settings_;
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

std::unique_ptr<Embedder> make_net_embedder(const std::string& model) {
  const NetSettings settings = read(model);
  for (const std::string& file : settings.files)
    if (!std::filesystem::is_regular_file(file)) throw ModelError("'" + file + "' does not exist");
  const std::string side = std::to_string(settings.size);
  try {
    auto embedder = std::make_unique<NetEmbedder>(settings);
    if (embedder->embed(cv::Mat(aligned_size, aligned_size, CV_8UC3, cv::Scalar::all(99))).empty())
      throw ModelError("'" + model + "' gives no numbers");
    return embedder;
  } catch (const cv::Exception&) {
    throw ModelError("'" + settings.files.front() + "' is no network that embeds a face of " +
                     side + "x" + side + " pixels, or is damaged; size=N tells another size");
  }
}

std::string embedder_name(const std::string& model) {
  return std::filesystem::path(embedder_files(model).front()).stem();
}

std::vector<std::string> embedder_files(const std::string& model) { return read(model).files; }

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
