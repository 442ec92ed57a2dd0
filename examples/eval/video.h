// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "eval/datasets.h"
#include "eval/report.h"
#include "eval/study.h"

namespace evaluation {

/// Throws examples::Failure, with the remedy, where the element is not installed.
void need_element();

/// How often evaluate_clips() calls Plan::step.
std::size_t steps(const faceperturb::eval::Dataset& set);

/// Runs each clip of the set through the element, by every method: leaks, time and bitrate. What
/// fails is added to `faults`.
faceperturb::eval::Section evaluate_clips(const faceperturb::eval::Dataset& set,
                                          const faceperturb::eval::Plan& plan,
                                          std::vector<std::string>& faults);

}  // namespace evaluation
