// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "eval/subject.h"
#include "protector.h"

namespace faceperturb::eval {

/// What the instruments say about one picture; by detector, embedder and quality meter, in the
/// order of Instruments.
struct Look {
  std::vector<std::vector<Detection>> detections;
  std::vector<Embedding> embeddings;
  std::vector<double> quality;
  cv::Mat aligned;  ///< the face as it was embedded, grey
};

/// How closely to look: each includes those before.
enum class Depth { fidelity, identity, everything };

/// `points` tell where the face is, for alignment; faces of `min_face_size` are detected.
Look look_at(Instruments& instruments, const cv::Mat& bgr, const FivePoints& points,
             int min_face_size, Depth depth);

/// A protected copy of a picture.
struct Protected {
  cv::Mat bgr;
  double milliseconds;  ///< of the protection alone
};

/// Protects the faces `count` times, as that many frames of one stream, with draws that follow from
/// `seed`. Throws std::runtime_error where the library could not, and covered the picture instead.
std::vector<Protected> protect(const cv::Mat& bgr, const std::vector<Face>& faces,
                               const Settings& settings, std::uint64_t seed, int count = 1);

}  // namespace faceperturb::eval
