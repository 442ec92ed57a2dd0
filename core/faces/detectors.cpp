// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <opencv2/imgproc.hpp>
#include <utility>

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

// Cheap proposals, verified by HOG where they look at the viewer. In the dark HOG knows few faces:
// a close look by another cascade, or being seen again, must do there.
class FrontalDetector final : public Detector {
 public:
  std::vector<Detection> detect(const Picture& picture, int min_face_size) override {
    std::vector<Detection> found;
    for (Detection& face : proposals_.detect(picture.luma(), min_face_size, 2)) {
      const float windows = face.score;
      face.score = hog_.score_at(picture.luma(), face.box, unsure_score);
      face.sure = face.frontal = face.score >= sure_score;
      if (!face.sure && picture.dark()) {
        const auto close = second_.look_closely(picture.luma(), face.box);
        if (!close || close->score < unsure_windows) continue;
        face.sure = windows >= sure_windows || close->score >= sure_close;
      } else if (face.score < unsure_score) {
        continue;
      }
      found.push_back(face);
    }
    return found;
  }

 private:
  static constexpr float sure_score = -0.4F;
  static constexpr float unsure_score = -1;
  // Windows that agree, in the dark.
  static constexpr float sure_windows = 6, unsure_windows = 2, sure_close = 8;
  Hog hog_;
  Cascade proposals_{Cascade::frontal_eager};
  Cascade second_{Cascade::frontal};
};

bool same_place(const Rect& a, const Rect& b) {
  return std::hypot(a.x + a.width / 2 - b.x - b.width / 2,
                    a.y + a.height / 2 - b.y - b.height / 2) < 0.4F * std::max(a.width, b.width);
}

// Whether a much smaller face is seen on the forehead, hair or cheeks of another.
bool on_head(const Rect& small, const Rect& face) {
  const float x = small.x + small.width / 2 - face.x, y = small.y + small.height / 2 - face.y;
  return small.width < 0.65F * face.width && x > 0 && x < face.width && y > -0.4F * face.height &&
         y < face.height;
}

// Faces seen from the side: proposals that a close look confirms. Where one was found it is looked
// again at each call, for less than a search costs.
class ProfileDetector final {
 public:
  /// Searches to neither side, to one, or, more thoroughly, to both. `frontal` are faces that were
  /// seen from the front: they need no closer look.
  std::vector<Detection> detect(const Picture& picture, int min_face_size, bool left, bool right,
                                std::span<const Detection> frontal) {
    const cv::Mat& luma = picture.luma();
    std::vector<Detection> found;
    std::vector<Seen> look_at = std::exchange(seen_, {});
    for (const bool mirrored : {false, true}) {
      if (!(mirrored ? right : left)) continue;
      for (const Detection& face : search(luma, min_face_size, mirrored, left && right))
        look_at.push_back({face.box, mirrored, most_misses});  // one look decides
    }
    for (Seen& seen : look_at) {
      const auto is_here = [&](const Detection& face) { return same_place(face.box, seen.box); };
      if (std::ranges::any_of(frontal, is_here)) {
        if (seen.misses == most_misses)
          found.push_back({.box = seen.box, .sure = false, .frontal = false});
        continue;
      }
      if (std::ranges::any_of(found, is_here)) continue;
      auto face = cascade_.look_closely(luma, seen.box, seen.mirrored);
      if (face && face->score >= unsure_score) {
        face->sure = face->score >= sure_score;
        found.push_back(*face);
        seen_.push_back({face->box, seen.mirrored});
      } else if (++seen.misses <= most_misses) {
        seen_.push_back(seen);
      }
    }
    return found;
  }

 private:
  struct Seen {
    Rect box;
    bool mirrored;
    int misses = 0;
  };

  std::vector<Detection> search(const cv::Mat& luma, int min_face_size, bool mirrored,
                                bool thorough) {
    if (!thorough) return cascade_.detect(luma, min_face_size, 2, mirrored);
    // A face that the frame's edge cuts is seen if the edge goes on.
    const int margin = std::min(luma.cols, luma.rows) / 8;
    cv::Mat wide;
    cv::copyMakeBorder(luma, wide, margin, margin, margin, margin, cv::BORDER_REPLICATE);
    auto found = cascade_.detect(wide, min_face_size, 2, mirrored, Cascade::thorough);
    for (Detection& face : found) {
      face.box.x -= static_cast<float>(margin);
      face.box.y -= static_cast<float>(margin);
    }
    return found;
  }

  static constexpr float sure_score = 5;
  static constexpr float unsure_score = 2;
  static constexpr int most_misses = 2;
  Cascade cascade_{Cascade::profile};
  std::vector<Seen> seen_;
};

// Each call makes one scan, so that the cost of a call stays that of the cheapest: every second one
// frontal, the others for profiles to either side. All are made where more is at stake: in a new
// shot, and when faces that were there are seen no more.
class AutoDetector final : public Detector {
 public:
  std::vector<Detection> detect(const Picture& picture, int min_face_size) override {
    if (last_.empty() || !alike(last_, picture.thumbnail()))
      all_until_ = calls_ + calls_of_new_shot;
    last_ = picture.thumbnail();
    const bool missed = calls_ - seen_ >= 2 && calls_ - seen_ <= calls_to_search;
    const bool all = missed || calls_ < all_until_;
    const unsigned turn = calls_++ % 4;
    std::vector<Detection> found;
    if (all || turn % 2 == 0) {
      found = frontal_.detect(picture, min_face_size);
      known_.clear();
      if (!all) std::ranges::copy_if(found, std::back_inserter(known_), &Detection::frontal);
    }
    const auto more =
        profile_.detect(picture, min_face_size, all || turn == 1, all || turn == 3, known_);
    std::ranges::copy_if(more, std::back_inserter(found), [&](const Detection& profile) {
      return std::ranges::none_of(found, [&](const Detection& face) {
        return face.sure && face.frontal && on_head(profile.box, face.box);
      });
    });
    if (std::ranges::any_of(found, &Detection::sure)) seen_ = calls_;
    return found;
  }

 private:
  static constexpr unsigned calls_of_new_shot = 2;
  static constexpr unsigned calls_to_search = 12;  // for a face that is seen no more
  FrontalDetector frontal_;
  ProfileDetector profile_;
  std::vector<Detection> known_;  // seen from the front by the last search for such faces alone
  cv::Mat last_;
  unsigned calls_ = 0;
  unsigned seen_ = 0;       // calls until the last that found a face
  unsigned all_until_ = 0;  // calls until which a new shot lasts
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
