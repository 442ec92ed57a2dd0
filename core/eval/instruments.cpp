// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/instruments.h"

#include <algorithm>
#include <filesystem>
#include <opencv2/imgproc.hpp>

#include "eval/faster_rcnn.h"
#include "eval/grey.h"
#include "faces/picture.h"

namespace faceperturb::eval {
namespace {

std::string stem(const std::string& file) { return std::filesystem::path(file).stem(); }

template <typename T>
std::vector<std::string> names(const std::vector<Named<T>>& tools) {
  std::vector<std::string> result;
  for (const auto& tool : tools) result.push_back(tool.name);
  return result;
}

}  // namespace

Instruments::Instruments(const Models& models) : predictor_(models.landmarks) {
  for (const auto kind : {DetectorKind::hog, DetectorKind::cascade}) {
    const auto& info = detector_info(kind);
    detectors_.push_back({std::string(info.name), info.make("")});
  }
  for (const auto& file : models.detectors)
    detectors_.push_back({detector_name(file), make_detector(file)});

  for (const auto& file : models.embedders)
    embedders_.push_back({stem(file), make_net_embedder(file)});
  embedders_.push_back({"histogram", make_histogram_embedder()});

  for (const auto& file : models.quality) quality_.push_back({stem(file), make_net_quality(file)});
  quality_.push_back({"brisque", make_brisque()});
}

std::vector<std::string> Instruments::detector_names() const { return names(detectors_); }
std::vector<std::string> Instruments::embedder_names() const { return names(embedders_); }
std::vector<std::string> Instruments::quality_names() const { return names(quality_); }

std::vector<std::vector<Detection>> Instruments::detect(const cv::Mat& bgr, int min_face_size) {
  const cv::Mat grey = grey_of(bgr);
  const Picture picture(luma_view(grey));
  const auto reduction = static_cast<float>(picture.reduction());
  const int least = std::max(8, min_face_size / picture.reduction());
  std::vector<std::vector<Detection>> all;
  for (const auto& detector : detectors_) {
    auto found = detector.tool->detect(picture, least);
    for (Detection& face : found)
      face.box = {face.box.x * reduction, face.box.y * reduction, face.box.width * reduction,
                  face.box.height * reduction};
    all.push_back(std::move(found));
  }
  return all;
}

std::vector<Embedding> Instruments::embed(const cv::Mat& aligned) {
  std::vector<Embedding> all;
  for (const auto& embedder : embedders_) all.push_back(embedder.tool->embed(aligned));
  return all;
}

std::vector<double> Instruments::rate(const cv::Mat& aligned) {
  std::vector<double> all;
  for (const auto& meter : quality_) all.push_back(meter.tool->measure(aligned));
  return all;
}

Landmarks Instruments::landmarks(const cv::Mat& bgr, const Rect& box) const {
  const cv::Mat grey = grey_of(bgr);
  return predictor_.predict(luma_view(grey), box);
}

}  // namespace faceperturb::eval
