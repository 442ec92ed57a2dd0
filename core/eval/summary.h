// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "eval/detection_score.h"
#include "eval/eigenspace.h"
#include "eval/identification.h"
#include "eval/study.h"

namespace faceperturb::eval {

/// What a detector makes of the pictures of one trial.
struct DetectorSummary {
  DetectionScore score;  ///< against the truth
  /// Of the faces that the detector saw in the clear pictures, the share that it sees again at the
  /// same place (overlap at least 0.5).
  double recall = 0;
  std::vector<Moved> moved;  ///< such faces, by their distance in eigenface space
};

/// Recognition by one embedder.
struct AttackSummary {
  Recognition clear_gallery;  ///< protected pictures sought among clear ones
  Recognition parrot;         ///< among protected ones
};

/// The figures of one trial over a set.
struct Summary {
  std::size_t pictures = 0;  ///< that were measured
  double ssim = 0, psnr = 0;
  double milliseconds = 0;                       ///< median, a face
  double mean_distance = 0, max_distance = 0;    ///< squared, in eigenface space, a picture
  std::vector<DetectorSummary> detectors;        ///< by Study::detectors()
  std::vector<double> quality;                   ///< mean, by Study::meters()
  std::map<std::string, AttackSummary> attacks;  ///< by embedder
};

/// Draws the figures from measurements. Distances are of aligned faces (112x112, grey, 0..1) in
/// the eigenface space of the set's clear faces.
class Summarizer {
 public:
  /// `seed` is for the bootstrap. The study must outlive it.
  Summarizer(const Study& study, std::uint64_t seed);

  const Eigenspace& eigenfaces() const { return *eigenfaces_; }
  /// The pictures as they are.
  Summary clear() const;
  Summary of(std::span<const Measurement> measurements) const;

 private:
  Summary summarize(std::span<const Look* const> looks) const;
  void recognise_all(std::span<const Look* const> looks, Summary& summary) const;

  const Study& study_;
  std::uint64_t seed_;
  std::vector<Identity> identities_;
  bool people_ = false;  // whether the set says whom its pictures show, more than once
  std::optional<Eigenspace> eigenfaces_;
  std::vector<std::vector<float>> coordinates_;  // of the clear faces
  std::map<std::string, std::vector<Embedding>> gallery_;
};

}  // namespace faceperturb::eval
