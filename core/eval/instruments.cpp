// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/instruments.h"

#include <algorithm>
#include <filesystem>
#include <opencv2/imgproc.hpp>

#include "eval/grey.h"

namespace faceperturb::eval {
namespace {

std::string stem(const std::string& file) { return std::filesystem::path(file).stem(); }

// Two files of one name are told apart by their order.
template <typename T>
void add(std::vector<Named<T>>& tools, const std::string& name, std::unique_ptr<T> tool) {
  std::string unique = name;
  for (int n = 2; std::ranges::find(tools, unique, &Named<T>::name) != tools.end(); ++n)
    unique = name + " (" + std::to_string(n) + ")";
  tools.push_back({unique, std::move(tool)});
}

template <typename T>
std::vector<std::string> names(const std::vector<Named<T>>& tools) {
  std::vector<std::string> result;
  for (const auto& tool : tools) result.push_back(tool.name);
  return result;
}

}  // namespace

Instruments::Instruments(const Models& models) : predictor_(models.landmarks) {
  add(detectors_, "hog", make_hog());
  add(detectors_, "cascade", make_cascades());
  for (const auto& model : models.detectors)
    add(detectors_, detector_name(model), make_detector(model));

  for (const auto& model : models.embedders)
    add(embedders_, embedder_name(model), make_net_embedder(model));
  add(embedders_, "histogram", make_histogram_embedder());

  for (const auto& file : models.quality) add(quality_, stem(file), make_net_quality(file));
  add(quality_, "brisque", make_brisque());
}

std::vector<std::string> Instruments::detector_names() const { return names(detectors_); }
std::vector<std::string> Instruments::embedder_names() const { return names(embedders_); }
std::vector<std::string> Instruments::quality_names() const { return names(quality_); }

std::vector<std::vector<Detection>> Instruments::detect(const cv::Mat& bgr, int min_face_size) {
  std::vector<std::vector<Detection>> all;
  for (const auto& detector : detectors_) all.push_back(detector.tool->detect(bgr, min_face_size));
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
