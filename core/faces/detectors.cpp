// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <array>
#include <iterator>
#include <opencv2/imgproc.hpp>

#include "faces/cascade.h"
#include "faces/changes.h"
#include "faces/detector.h"
#include "faces/dnn.h"
#include "faces/hog.h"
#include "faces/picture.h"
#include "faces/profiles.h"

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

// Cheap proposals, verified by HOG where they look at the viewer. In the dark HOG knows few faces:
// a close look by another cascade, or being seen again, must do there.
class FrontalDetector final {
 public:
  // A thorough search finds more, and takes longer.
  std::vector<Detection> detect(const Picture& picture, const Rect& part, int min_face_size,
                                bool thorough) {
    const double step = thorough ? Cascade::thorough : Cascade::quick;
    const int more = thorough ? 2 : 1;  // in smaller steps, more windows see the same
    std::vector<Detection> found;
    for (Detection& face : proposals_.detect_in(picture.luma(), part, min_face_size,
                                                more * windows_of_face, false, step)) {
      const float windows = face.score;
      face.score = hog_.score_at(picture.luma(), face.box, unsure_score);
      face.sure = face.frontal = face.score >= sure_score;
      if (!face.sure && picture.dark()) {
        const auto close = second_.look_closely(picture.luma(), face.box);
        if (!close || close->score < unsure_windows) continue;
        face.sure =
            windows >= static_cast<float>(more) * sure_windows || close->score >= sure_close;
      } else if (face.score < unsure_score) {
        continue;
      }
      found.push_back(face);
    }
    return found;
  }

 private:
  static constexpr int windows_of_face = 2;
  static constexpr float sure_score = -0.4F;
  static constexpr float unsure_score = -0.9F;
  // Windows that agree, in the dark.
  static constexpr float sure_windows = 6, unsure_windows = 2, sure_close = 8;
  Hog hog_;
  Cascade proposals_{Cascade::frontal_eager};
  Cascade second_{Cascade::frontal};
};

// Whether a much smaller face is seen on the forehead, hair or cheeks of another.
bool on_head(const Rect& small, const Rect& face) {
  const float x = small.x + small.width / 2 - face.x, y = small.y + small.height / 2 - face.y;
  return small.width < 0.65F * face.width && x > 0 && x < face.width && y > -0.4F * face.height &&
         y < face.height;
}

// Each call makes one scan, so that the cost of a call stays that of the cheapest: every second one
// frontal, the others for profiles to either side, and frontal where something came in. All are
// made where more is at stake: in a new shot, then more thoroughly, and when faces that were there
// are seen no more.
class AutoDetector final : public Detector {
 public:
  std::vector<Detection> detect(const Picture& picture, int min_face_size) override {
    if (last_.empty() || !alike(last_, picture.thumbnail())) shot_ = now(picture);
    last_ = picture.thumbnail();
    const bool new_shot = due(picture, shot_, {calls_of_new_shot, time_of_new_shot});
    const bool missed =
        calls_ - seen_.call >= 2 && due(picture, seen_, {calls_to_search, time_to_search});
    const bool all = missed || new_shot;
    if (all) last_all_ = picture.time();
    const unsigned turn = calls_++ % 4;
    std::vector<Detection> found;
    if (all || turn % 2 == 0) {
      found = frontal_.detect(picture, beyond_edges(picture.size()), min_face_size, new_shot);
      known_.clear();
      std::ranges::copy_if(found, std::back_inserter(known_), &Detection::frontal);
      changes_.searched(picture, min_face_size, known_);
    } else if (const auto place = changes_.place(picture, min_face_size)) {
      found = frontal_.detect(picture, *place, min_face_size, false);
      std::ranges::copy_if(found, std::back_inserter(known_), &Detection::frontal);
    }
    const auto more =
        profile_.detect(picture, min_face_size, all || turn == 1, all || turn == 3, known_);
    std::ranges::copy_if(more, std::back_inserter(found), [&](const Detection& profile) {
      return std::ranges::none_of(found, [&](const Detection& face) {
        return face.sure && face.frontal && on_head(profile.box, face.box);
      });
    });
    if (std::ranges::any_of(found, &Detection::sure)) seen_ = now(picture);
    return found;
  }

  void forget() override {
    last_.release();
    last_all_ = seen_.time = {};  // what comes may be of an earlier time
    known_.clear();
    changes_.forget();
    profile_.forget();
  }

 private:
  struct Moment {
    unsigned call = 0;
    std::chrono::nanoseconds time{};
  };
  Moment now(const Picture& picture) const { return {calls_, picture.time()}; }
  // Whether all scans are due, from `start` on for so many calls; and where calls follow one
  // another faster than a thorough search is worth, now and then for that time.
  bool due(const Picture& picture, const Moment& start, const Moment& length) const {
    if (calls_ - start.call < length.call) return true;
    return picture.time() - start.time < length.time && picture.time() - last_all_ >= pause;
  }

  static constexpr unsigned calls_of_new_shot = 4;
  static constexpr unsigned calls_to_search = 13;  // for a face that is seen no more
  static constexpr std::chrono::milliseconds time_of_new_shot{667}, time_to_search{2000},
      pause{133};
  FrontalDetector frontal_;
  ProfileDetector profile_;
  std::vector<Detection> known_;  // seen from the front since the last search for such faces
  Changes changes_;               // since then
  cv::Mat last_;
  unsigned calls_ = 0;
  Moment shot_;                          // its first call
  Moment seen_;                          // after the last call that found a face
  std::chrono::nanoseconds last_all_{};  // when all scans were made
};

// A network, and cascades in the dark, where networks find less than they do.
class AutoNetDetector final : public Detector {
 public:
  explicit AutoNetDetector(const std::string& model) : net_(make_dnn_detector(model)) {}

  std::vector<Detection> detect(const Picture& picture, int min_face_size) override {
    auto found = net_->detect(picture, min_face_size);
    if (picture.dark()) {
      const auto more =
          frontal_.detect(picture, beyond_edges(picture.size()), min_face_size, false);
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
