// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "eval/report.h"
#include "eval/study.h"

namespace faceperturb::eval {

/// Some pictures of the set, above as they are and below under `variant`, with what each detector
/// finds in them.
Figure draw_detections(const Study& study, const Variant& variant);

/// One face under each variant.
Figure draw_panel(const Study& study, const std::vector<Variant>& variants);

/// A small grey picture.
Figure draw_average(const cv::Mat& average);

}  // namespace faceperturb::eval
