// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "eval/evaluation.h"
#include "eval/report.h"

/// The tables of a report about one set.
namespace faceperturb::eval {

Table detection(const Evaluation& e);   ///< the paper's Table 1
Table fidelity(const Evaluation& e);    ///< Table 2
Table quality(const Evaluation& e);     ///< Table 3
Table recall(const Evaluation& e);      ///< detectors before and after, by method and area
Table eigenfaces(const Evaluation& e);  ///< distances and theta
Table by_pixels(const Evaluation& e);   ///< what Figure 6 draws
/// Whom `embedder` (one of Summary::attacks) recognises.
Table recognition(const Evaluation& e, const std::string& embedder);
/// Whom all recognise, with a clear gallery, after a restoration.
Table restoration(const Evaluation& e);

/// The outcomes that were looked at wholly, in the order of the tables.
std::vector<const Outcome*> measured(const Evaluation& e);

}  // namespace faceperturb::eval
