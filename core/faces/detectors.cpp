// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <array>
#include <iterator>
#include <opencv2/imgproc.hpp>

#include "faces/cascade.h"
#include "faces/changes.h"
#include "faces/detector.h"
#include "faces/dnn.h"
#include "faces/frontal.h"
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
    auto found = frontal_.detect(picture.luma(), {min_face_size, neighbours});
    for (const bool mirrored : {false, true}) {
      const auto sideways = profile_.detect(picture.luma(), {min_face_size, neighbours, mirrored});
      found.insert(found.end(), sideways.begin(), sideways.end());
    }
    return found;
  }

 private:
  static constexpr int neighbours = 3;
  Cascade frontal_{Cascade::frontal};
  Cascade profile_{Cascade::profile};
};

// Each call makes one search, so that the cost of a call stays that of the cheapest: frontal by
// texture, for profiles to the left, frontal by light and shade, for profiles to the right. Each
// looks where something changed since it looked everywhere, which it does now and then. Known faces
// are looked at at each call, and so is what came in. All searches are made, everywhere, where more
// is at stake: in a new shot, then more thoroughly, and when faces that were there are seen no
// more.
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
    const unsigned turn = calls_++ % searches_.size();
    std::array<Rect, 4> parts{};
    for (std::size_t i = 0; i < parts.size(); ++i)
      if (all || i == turn) parts[i] = searches_[i].part(picture, min_face_size, all);
    if (!all && turn % 2 != 0) {
      const Rect place = searches_[texture].changes.place(picture, min_face_size, frontal_.known());
      if (place != beyond_edges(picture.size())) parts[texture] = place;
    }
    auto found = frontal_.detect(picture, min_face_size, parts[texture], parts[shade], new_shot);
    const auto more =
        profile_.detect(picture, min_face_size, parts[left], parts[right], all, frontal_.known());
    std::ranges::copy_if(more, std::back_inserter(found), [&](const Detection& profile) {
      return std::ranges::none_of(found, [&](const Detection& face) {
        return face.sure && face.frontal && within_head(profile.box, face.box);
      });
    });
    if (std::ranges::any_of(found, &Detection::sure)) seen_ = now(picture);
    return found;
  }

  void forget() override {
    last_.release();
    last_all_ = seen_.time = {};  // what comes may be of an earlier time
    for (Search& search : searches_) search.changes.forget();
    frontal_.forget();
    profile_.forget();
  }

 private:
  enum { texture, left, shade, right };
  struct Search {
    Changes changes;  // since it looked everywhere
    int turns = 0;    // since then
    std::chrono::nanoseconds then{};

    // Where it is to look, in its turn.
    Rect part(const Picture& picture, int min_face_size, bool all) {
      const Rect everywhere = beyond_edges(picture.size());
      Rect part = everywhere;
      const bool again =
          ++turns >= turns_to_everywhere || picture.time() - then >= time_to_everywhere;
      if (!all && !again && !picture.dark()) part = changes.place(picture, min_face_size);
      if (part == everywhere) {
        changes.searched(picture, min_face_size);
        turns = 0;
        then = picture.time();
      }
      return part;
    }
  };
  struct Moment {
    unsigned call = 0;
    std::chrono::nanoseconds time{};
  };
  Moment now(const Picture& picture) const { return {calls_, picture.time()}; }
  // Whether all searches are due, from `start` on for so many calls; and where calls follow one
  // another faster than a thorough search is worth, now and then for that time.
  bool due(const Picture& picture, const Moment& start, const Moment& length) const {
    if (calls_ - start.call < length.call) return true;
    return picture.time() - start.time < length.time && picture.time() - last_all_ >= pause;
  }

  static constexpr int turns_to_everywhere = 8;
  static constexpr std::chrono::seconds time_to_everywhere{16};
  static constexpr unsigned calls_of_new_shot = 4;
  static constexpr unsigned calls_to_search = 13;  // for a face that is seen no more
  static constexpr std::chrono::milliseconds time_of_new_shot{667}, time_to_search{2000},
      pause{133};
  FrontalDetector frontal_;
  ProfileDetector profile_;
  std::array<Search, 4> searches_;
  cv::Mat last_;
  unsigned calls_ = 0;
  Moment shot_;                          // its first call
  Moment seen_;                          // after the last call that found a face
  std::chrono::nanoseconds last_all_{};  // when all searches were made
};

// A network, and cascades in the dark, where networks find less than they do.
class AutoNetDetector final : public Detector {
 public:
  explicit AutoNetDetector(const std::string& model) : net_(make_dnn_detector(model)) {}

  std::vector<Detection> detect(const Picture& picture, int min_face_size) override {
    auto found = net_->detect(picture, min_face_size);
    if (picture.dark()) {
      const auto more =
          frontal_.detect(picture, min_face_size, {}, beyond_edges(picture.size()), false);
      found.insert(found.end(), more.begin(), more.end());
    }
    return found;
  }
  void forget() override {
    net_->forget();
    frontal_.forget();
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
