// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "eval/subject.h"
#include "protector.h"

namespace faceperturb::eval {

/// One way of protecting that is to be measured.
struct Variant {
  std::string name;
  Settings settings;
};

/// What the instruments say about one picture; by detector, embedder and quality meter, in the
/// order of Instruments.
struct Look {
  std::vector<std::vector<Detection>> detections;
  std::vector<Embedding> embeddings;
  std::vector<double> quality;
};

/// `points` tell where the face is, for alignment.
Look look_at(Instruments& instruments, const cv::Mat& bgr, const FivePoints& points);

/// A protected copy of the picture.
struct Protected {
  cv::Mat bgr;
  double milliseconds;  ///< of the protection alone
};

/// Protects the subject, with draws that follow from `seed`. Throws std::runtime_error where the
/// library could not, and covered the picture instead.
Protected protect(const cv::Mat& bgr, const Face& face, const Settings& settings,
                  std::uint64_t seed);

}  // namespace faceperturb::eval
