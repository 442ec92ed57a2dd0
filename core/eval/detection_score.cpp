// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/detection_score.h"

#include <algorithm>
#include <functional>
#include <limits>

#include "eval/metrics.h"

namespace faceperturb::eval {
namespace {

constexpr double least_overlap = 0.5;
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

}  // namespace

void DetectionScorer::add(std::span<const Detection> found, std::span<const Rect> faces,
                          std::span<const Rect> ignored) {
  faces_ += static_cast<int>(faces.size());
  std::vector<Detection> sorted(found.begin(), found.end());
  std::ranges::stable_sort(sorted, std::greater{}, &Detection::score);
  std::vector<bool> taken(faces.size(), false);
  for (const Detection& detection : sorted) {
    double best = least_overlap;
    std::size_t match = faces.size();
    for (std::size_t i = 0; i < faces.size(); ++i) {
      const double overlap = iou(detection.box, faces[i]);
      if (!taken[i] && overlap > best) {
        best = overlap;
        match = i;
      }
    }
    const bool right = match < faces.size();
    if (right) taken[match] = true;
    const bool ignore = !right && std::ranges::any_of(ignored, [&](const Rect& box) {
      return iou(detection.box, box) > least_overlap;
    });
    if (!ignore) hits_.push_back({detection.score, right});
  }
}

DetectionScore DetectionScorer::score(double min_score) const {
  auto hits = hits_;
  std::ranges::stable_sort(hits, std::greater{}, &Hit::score);
  DetectionScore result{.faces = faces_};
  const double faces = faces_;

  int found = 0, right = 0;
  std::vector<double> precision;  // at each right detection
  for (std::size_t i = 0; i < hits.size(); ++i) {
    const bool counts = hits[i].score > static_cast<float>(min_score);
    found += counts;
    right += counts && hits[i].right;
    if (hits[i].right)
      precision.push_back(static_cast<double>(precision.size() + 1) / static_cast<double>(i + 1));
  }
  result.precision = found ? static_cast<double>(right) / found : unknown;
  result.recall = faces_ ? right / faces : unknown;
  result.f = f_measure(result.precision, result.recall);

  double best = 0, sum = 0;
  for (auto p = precision.rbegin(); p != precision.rend(); ++p) sum += best = std::max(best, *p);
  result.average_precision = faces_ ? sum / faces : unknown;
  return result;
}

double f_measure(double precision, double recall) {
  return precision + recall > 0 ? 2 * precision * recall / (precision + recall) : unknown;
}

}  // namespace faceperturb::eval
