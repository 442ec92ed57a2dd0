// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/detectors.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <iterator>
#include <string_view>
#include <tuple>

#include "eval/face_nets.h"
#include "eval/faster_rcnn.h"
#include "eval/grey.h"
#include "eval/metrics.h"
#include "faces/cascade.h"
#include "faces/dnn.h"
#include "faces/hog.h"
#include "faces/picture.h"

namespace faceperturb::eval {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "faster-rcnn:";
constexpr double same_face = 0.4;  // overlap of two boxes of one face

class OnLuma final : public PictureDetector {
 public:
  using Function = std::function<std::vector<Detection>(const Picture&, int min_face_size)>;
  explicit OnLuma(Function function) : function_(std::move(function)) {}

  std::vector<Detection> detect(const cv::Mat& bgr, int min_face_size) override {
    const cv::Mat grey = grey_of(bgr);
    const Picture picture(luma_view(grey));
    const auto r = static_cast<float>(picture.reduction());
    auto found = function_(picture, std::max(8, min_face_size / picture.reduction()));
    for (Detection& face : found)
      face.box = {face.box.x * r, face.box.y * r, face.box.width * r, face.box.height * r};
    return found;
  }

 private:
  Function function_;
};

}  // namespace

std::unique_ptr<PictureDetector> make_hog() {
  constexpr float threshold = 0, least = -1;
  return std::make_unique<OnLuma>(
      [hog = std::make_shared<Hog>()](const Picture& picture, int min_face_size) {
        auto found = hog->detect(picture.luma(), min_face_size, least);
        for (Detection& face : found) face.sure = face.score > threshold;
        return found;
      });
}

std::unique_ptr<PictureDetector> make_cascades() {
  constexpr int neighbours = 3, least = 1;
  const auto frontal = std::make_shared<Cascade>(Cascade::frontal);
  const auto profile = std::make_shared<Cascade>(Cascade::profile);
  return std::make_unique<OnLuma>([=](const Picture& picture, int min_face_size) {
    auto found = frontal->detect(picture.luma(), {min_face_size, least});
    for (const bool mirrored : {false, true})
      std::ranges::copy(profile->detect(picture.luma(), {min_face_size, least, mirrored}),
                        std::back_inserter(found));
    for (Detection& face : found) face.sure = face.score > neighbours;
    std::ranges::stable_sort(found, std::greater{}, [](const Detection& face) {
      return std::tuple(face.sure, face.frontal, face.score);
    });
    std::vector<Detection> faces;  // each once, by the cascade that knows best where it is
    for (const Detection& face : found) {
      const auto same = [&](const Detection& other) {
        return iou(face.box, other.box) > same_face;
      };
      if (std::ranges::none_of(faces, same)) faces.push_back(face);
    }
    return faces;
  });
}

std::unique_ptr<PictureDetector> make_detector(const std::string& model) {
  const auto files = files_of(model);
  if (model.starts_with(prefix))
    return files.size() == 1 ? make_faster_rcnn({}, files[0])
                             : make_faster_rcnn(files[0], files[1]);
  if (fs::path(model).extension() != ".dat") return make_face_net(model);
  return std::make_unique<OnLuma>(
      [net = std::shared_ptr<Detector>(make_dnn_detector(model))](
          const Picture& picture, int size) { return net->detect(picture, size); });
}

std::vector<std::string> files_of(const std::string& model) {
  if (!model.starts_with(prefix)) return {model};
  const std::string files = model.substr(prefix.size());
  const auto comma = files.find(',');
  if (comma == std::string::npos) return {files};
  return {files.substr(0, comma), files.substr(comma + 1)};
}

std::string detector_name(const std::string& model) {
  const std::string stem = fs::path(files_of(model).front()).stem();
  return model.starts_with(prefix) ? std::string(prefix) + stem : stem;
}

std::vector<Detection> sure_ones(const std::vector<Detection>& found) {
  std::vector<Detection> sure;
  std::ranges::copy_if(found, std::back_inserter(sure), &Detection::sure);
  return sure;
}

}  // namespace faceperturb::eval
