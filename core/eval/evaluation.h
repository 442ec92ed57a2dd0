// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "eval/report.h"
#include "eval/study.h"
#include "eval/summary.h"

namespace faceperturb::eval {

/// A trial and its figures.
struct Outcome {
  Trial trial;
  Summary summary;
};

/// Everything that is measured on one set of pictures.
struct Evaluation {
  std::unique_ptr<Study> study;
  std::unique_ptr<Summarizer> summarizer;
  Summary clear;
  std::vector<Outcome> methods;   ///< every method, on the pixels that the paper takes
  std::vector<Outcome> areas;     ///< every method, on whole regions
  std::vector<Outcome> restored;  ///< what attackers get back of both, by restorations()
  std::vector<Outcome> curve;     ///< every permutation, by number of pixels: SSIM and PSNR alone
};

/// How many pictures of trials evaluate() works through, for Plan::step.
std::size_t steps(const Dataset& set);

/// Measures all of it.
Evaluation evaluate(Dataset set, const Plan& plan);

/// The report's part about one set.
Section section_of(const Evaluation& evaluation, std::uint64_t seed);
/// What the figures mean, and where the paper contradicts itself.
Section protocol();

}  // namespace faceperturb::eval
