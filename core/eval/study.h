// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "eval/attacks.h"
#include "eval/datasets.h"
#include "eval/measure.h"
#include "eval/subject.h"
#include "eval/variants.h"

namespace faceperturb::eval {

/// One thing that is done to every picture of a set, and how closely the result is looked at.
struct Trial {
  Variant variant;
  Depth depth = Depth::everything;
  const Restoration* restoration = nullptr;  ///< what an attacker does to the result
};

/// One picture in one trial. Where `fault` is not empty, nothing else is set.
struct Measurement {
  double ssim = 0, psnr = 0;  ///< against the clear picture
  double milliseconds = 0;    ///< of the protection, a face
  Look look;
  std::string fault;
};

/// One picture as it is.
struct ClearPicture {
  Sample sample;
  cv::Size size;
  int min_face_size;              ///< of what is detected, in pixels
  std::vector<Subject> subjects;  ///< at least one; recognition and quality look at the first
  std::vector<Rect> ignored;      ///< other faces, of which the truth says nothing
  Look look;
};

/// How a set is worked through.
struct Plan {
  Models models;
  std::uint64_t seed = 1;
  std::size_t jobs = 2;
  std::filesystem::path cache;  ///< folder for what was measured before; empty: none
  std::function<void()> step;   ///< called after each picture of each trial, by any thread
};

/// A set of pictures under measurement, on `jobs` threads. What was measured by an earlier study
/// with the same files, models, seed and settings is taken from the cache.
class Study {
 public:
  /// Looks at every clear picture. `plan` must outlive the study. Throws ModelError.
  Study(Dataset set, const Plan& plan);
  ~Study();

  const Dataset& set() const { return set_; }
  /// Those that could be read and have a face.
  const std::vector<ClearPicture>& pictures() const { return pictures_; }
  const std::vector<std::string>& detectors() const { return detectors_; }
  const std::vector<std::string>& embedders() const { return embedders_; }
  const std::vector<std::string>& meters() const { return meters_; }

  /// In the order of pictures().
  std::vector<Measurement> run(const Trial& trial);
  /// A picture again, clear and protected.
  cv::Mat clear(const ClearPicture& picture) const;
  cv::Mat protect(const ClearPicture& picture, const Variant& variant) const;
  /// What the detectors find in a copy of a picture.
  std::vector<std::vector<Detection>> detect(const ClearPicture& picture, const cv::Mat& bgr) const;

 private:
  void look_at_clear();
  Measurement measure(Instruments& tools, const ClearPicture& picture, const Trial& trial) const;
  std::uint64_t seed_of(const ClearPicture& picture) const;
  std::string key(const ClearPicture& picture, const std::string& what) const;

  Dataset set_;
  const Plan& plan_;
  std::string models_key_;
  mutable std::vector<Instruments> tools_;
  std::vector<std::string> detectors_, embedders_, meters_;
  std::vector<ClearPicture> pictures_;
};

}  // namespace faceperturb::eval
