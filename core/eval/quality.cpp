// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/quality.h"

#include <filesystem>
#include <opencv2/dnn.hpp>
#include <opencv2/quality/qualitybrisque.hpp>

#include "eval/align.h"
#include "faces/detector.h"

namespace faceperturb::eval {
namespace {

class NetQuality final : public QualityMeter {
 public:
  explicit NetQuality(const std::string& file) : net_(cv::dnn::readNet(file)) {}

  double measure(const cv::Mat& aligned) override {
    net_.setInput(
        cv::dnn::blobFromImage(aligned, 1 / 127.5, {}, cv::Scalar::all(127.5), /*swapRB=*/true));
    return cv::mean(net_.forward().reshape(1, 1))[0];
  }

 private:
  cv::dnn::Net net_;
};

class Brisque final : public QualityMeter {
 public:
  double measure(const cv::Mat& aligned) override { return brisque_->compute(aligned)[0]; }

 private:
  static constexpr const char* model = OPENCV_DATA "/quality/brisque_model_live.yml";
  static constexpr const char* range = OPENCV_DATA "/quality/brisque_range_live.yml";
  cv::Ptr<cv::quality::QualityBRISQUE> brisque_ = cv::quality::QualityBRISQUE::create(model, range);
};

}  // namespace

std::unique_ptr<QualityMeter> make_net_quality(const std::string& file) {
  if (!std::filesystem::is_regular_file(file)) throw ModelError("'" + file + "' does not exist");
  try {
    auto meter = std::make_unique<NetQuality>(file);
    meter->measure(cv::Mat(aligned_size, aligned_size, CV_8UC3, cv::Scalar::all(99)));
    return meter;
  } catch (const cv::Exception&) {
    throw ModelError("'" + file + "' is no network that rates a 112x112 face, or is damaged");
  }
}

std::unique_ptr<QualityMeter> make_brisque() {
  try {
    return std::make_unique<Brisque>();
  } catch (const cv::Exception&) {
    throw ModelError("'" OPENCV_DATA
                     "/quality' has no BRISQUE model; Debian's package opencv-data has it");
  }
}

}  // namespace faceperturb::eval
