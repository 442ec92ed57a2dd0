// SPDX-License-Identifier: LGPL-2.1-or-later
#include "faces/profiles.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "faces/luma_mat.h"
#include "faces/picture.h"

namespace faceperturb {
namespace {

// Windows that agree in a close look.
constexpr float sure_score = 5;
constexpr float unsure_score = 2;
constexpr float whole_score = 10;  // from which a close-up shows more than the front of a face
constexpr int most_misses = 2;
constexpr double quick_step = 1.35;

// Close-ups are looked for in a picture whose shorter side is this, as wide as this part of it, and
// turned by these degrees against the way in which they look.
constexpr int coarse = 135;
constexpr float close_up = 0.2F;
constexpr double tilts[] = {0, 10};

// The face of which a close-up was seen: the cascade answers to its front, from the eye to the
// mouth.
Rect whole(const Rect& front, bool mirrored) {
  const float side = 1.5F * front.width;
  return {front.x - (mirrored ? 0.4F : 0.1F) * front.width, front.y - 0.1F * front.height, side,
          side};
}

}  // namespace

std::vector<Detection> ProfileDetector::detect(const Picture& picture, int min_face_size,
                                               const Rect& left, const Rect& right, bool thorough,
                                               std::span<const Detection> frontal) {
  std::vector<Detection> found;
  std::vector<Seen> look_at = std::exchange(seen_, {});
  for (const bool mirrored : {false, true}) {
    const Rect& part = mirrored ? right : left;
    if (part.width <= 0) continue;
    for (const Detection& face : search(picture.luma(), part, min_face_size, mirrored, thorough))
      look_at.push_back({face.box, mirrored, false, most_misses});  // one look decides
    if (!thorough || !frontal.empty()) continue;
    for (const Detection& face : search_close_ups(picture.plain(), min_face_size, mirrored))
      look_at.push_back({face.box, mirrored, true, most_misses});
  }
  for (Seen& seen : look_at) {
    const auto is_here = [&](const Detection& face) { return same_place(face.box, seen.box); };
    if (std::ranges::any_of(frontal, is_here)) {
      if (seen.misses == most_misses)
        found.push_back({.box = seen.box, .sure = false, .frontal = false});
      continue;
    }
    if (std::ranges::any_of(found, is_here)) continue;
    auto face = look(picture, seen);
    if (face && face->score >= unsure_score) {
      face->sure = face->score >= sure_score;
      seen_.push_back({face->box, seen.mirrored, seen.close_up});
      if (seen.close_up && face->score < whole_score)
        face->box = whole(united(face->box, seen.box), seen.mirrored);
      found.push_back(*face);
    } else if (++seen.misses <= most_misses) {
      seen_.push_back(seen);
    }
  }
  return found;
}

std::vector<Detection> ProfileDetector::search(const cv::Mat& luma, const Rect& part,
                                               int min_face_size, bool mirrored, bool thorough) {
  // A close look decides, so one window of a quick search is enough.
  const Cascade::Search how{.min_face_size = min_face_size,
                            .neighbours = thorough ? 2 : 1,
                            .mirrored = mirrored,
                            .step = thorough ? Cascade::thorough : quick_step};
  if (!thorough && part == beyond_edges(luma.size()))
    return cascade_.detect(luma, how);  // edges seldom have one
  return cascade_.detect_in(luma, part, how);
}

// A bright face close up, in a dark picture: it is seen in the picture as it was before its
// contrast was raised, and without its finest detail.
std::vector<Detection> ProfileDetector::search_close_ups(const cv::Mat& plain, int min_face_size,
                                                         bool mirrored) {
  const float scale = coarse / static_cast<float>(std::min(plain.cols, plain.rows));
  cv::Mat small;
  cv::resize(plain, small, {}, double{scale}, double{scale}, cv::INTER_AREA);
  const int margin = coarse / 4;
  small = with_border(small, margin);
  const auto least =
      static_cast<int>(std::max(close_up * coarse, static_cast<float>(min_face_size) * scale));
  std::vector<Detection> all;
  for (const double tilt : tilts) {
    auto found = cascade_.detect_tilted(small, {least, 1, mirrored, Cascade::thorough}, tilt);
    for (Detection& face : found) {
      Rect& box = face.box;
      box = {(box.x - static_cast<float>(margin)) / scale,
             (box.y - static_cast<float>(margin)) / scale, box.width / scale, box.height / scale};
      all.push_back(face);
    }
  }
  return all;
}

std::optional<Detection> ProfileDetector::look(const Picture& picture, const Seen& seen) {
  if (!seen.close_up) return cascade_.look_closely(picture.luma(), seen.box, seen.mirrored);
  std::optional<Detection> best;
  for (const double tilt : tilts) {
    const auto face = cascade_.look_closely(picture.plain(), seen.box, seen.mirrored, tilt);
    if (face && (!best || face->score > best->score)) best = face;
  }
  return best;
}

}  // namespace faceperturb
