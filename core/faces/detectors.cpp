// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <array>

#include "faces/cascade.h"
#include "faces/detector.h"
#include "faces/dnn.h"
#include "faces/hog.h"
#include "faces/picture.h"

namespace faceperturb {
namespace {

class HogDetector final : public Detector {
 public:
  std::vector<Detection> detect(const Picture& picture, int min_face_size) override {
    return hog_.detect(picture.luma(), min_face_size);
  }

 private:
  Hog hog_;
};

class CascadeDetector final : public Detector {
 public:
  std::vector<Detection> detect(const Picture& picture, int min_face_size) override {
    auto found = frontal_.detect(picture.luma(), min_face_size, neighbours);
    for (const bool mirrored : {false, true}) {
      const auto sideways = profile_.detect(picture.luma(), min_face_size, neighbours, mirrored);
      found.insert(found.end(), sideways.begin(), sideways.end());
    }
    return found;
  }

 private:
  static constexpr int neighbours = 3;
  Cascade frontal_{Cascade::frontal};
  Cascade profile_{Cascade::profile};
};

// Cheap proposals, verified by HOG where they look at the viewer.
class FrontalDetector final : public Detector {
 public:
  std::vector<Detection> detect(const Picture& picture, int min_face_size) override {
    auto found = frontal_.detect(picture.luma(), min_face_size, 2);
    for (Detection& face : found) {
      const float windows = face.score;
      face.score = hog_.score_at(picture.luma(), face.box, unsure_score);
      face.sure = face.score >= sure_score || (picture.dark() && windows >= sure_windows);
    }
    // In the dark HOG knows no face: many agreeing windows, or being seen again, must do.
    if (!picture.dark())
      std::erase_if(found, [](const Detection& face) { return face.score < unsure_score; });
    return found;
  }

 private:
  static constexpr float sure_score = -0.4F;
  static constexpr float unsure_score = -1;
  static constexpr float sure_windows = 6;  // that agree, in the dark
  Hog hog_;
  Cascade frontal_{Cascade::frontal_eager};
};

// Each call makes one scan, so that the cost of a call stays that of the cheapest: every second one
// frontal, the others for profiles to either side; in the dark all are frontal.
class AutoDetector final : public Detector {
 public:
  std::vector<Detection> detect(const Picture& picture, int min_face_size) override {
    const unsigned turn = turn_++ % 4;
    if (turn % 2 == 0 || picture.dark()) return frontal_.detect(picture, min_face_size);
    auto found = profile_.detect(picture.luma(), min_face_size, 3, turn == 3);
    for (Detection& face : found) face.sure = false;
    return found;
  }

 private:
  FrontalDetector frontal_;
  Cascade profile_{Cascade::profile};
  unsigned turn_ = 0;
};

// A network, and cascades in the dark, where networks find less than they do.
class AutoNetDetector final : public Detector {
 public:
  explicit AutoNetDetector(const std::string& model) : net_(make_dnn_detector(model)) {}

  std::vector<Detection> detect(const Picture& picture, int min_face_size) override {
    auto found = net_->detect(picture, min_face_size);
    if (picture.dark()) {
      const auto more = frontal_.detect(picture, min_face_size);
      found.insert(found.end(), more.begin(), more.end());
    }
    return found;
  }

 private:
  std::unique_ptr<Detector> net_;
  FrontalDetector frontal_;
};

template <typename T>
std::unique_ptr<Detector> make(const std::string&) {
  return std::make_unique<T>();
}

std::unique_ptr<Detector> nothing(const std::string&) { return nullptr; }

std::unique_ptr<Detector> make_auto(const std::string& model) {
  if (model.empty()) return std::make_unique<AutoDetector>();
  return std::make_unique<AutoNetDetector>(model);
}

constexpr std::array table{
    DetectorInfo{DetectorKind::automatic, "auto",
                 "The network of detector-model if that is set, else cascades verified by HOG",
                 make_auto},
    DetectorInfo{DetectorKind::hog, "hog", "dlib's frontal HOG detector, needs no file",
                 make<HogDetector>},
    DetectorInfo{DetectorKind::cascade, "cascade",
                 "OpenCV's frontal and profile cascades, from Debian's opencv-data",
                 make<CascadeDetector>},
    DetectorInfo{DetectorKind::dnn, "dnn", "The neural network of detector-model",
                 make_dnn_detector},
    DetectorInfo{DetectorKind::upstream, "upstream",
                 "Region of interest metadata of type face on the incoming buffers", nothing},
};

}  // namespace

std::span<const DetectorInfo> detectors() { return table; }

const DetectorInfo& detector_info(DetectorKind kind) {
  return table[static_cast<std::size_t>(kind)];
}

int default_min_face_size(int width, int height) {
  return std::max(24, std::min(width, height) / 8);
}

}  // namespace faceperturb
