// SPDX-License-Identifier: LGPL-2.1-or-later
#include "faces/frontal.h"

#include <algorithm>
#include <functional>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "faces/luma_mat.h"
#include "faces/picture.h"

namespace faceperturb {
namespace {

constexpr float sure_score = -0.4F;  // of HOG
constexpr float unsure_score = -0.9F;
constexpr float refused_score = -1.2F;               // below which it is surely none
constexpr float unsure_windows = 2, sure_close = 8;  // that agree, in the dark

constexpr float around = 0.5F;    // a face that is looked for again, in its widths
constexpr float smaller = 0.75F;  // than it was, at most
constexpr int most_misses = 2;
// For so many calls, and for a box that overlaps so much, what HOG said of a face holds.
constexpr int calls_verified = 8;
constexpr float surely_the_same = 0.6F;
// And for so many calls that it is surely none, where it looks as it did: by this correlation of
// pictures of so many pixels a side.
constexpr int calls_refused = 16;
constexpr double looks_the_same = 0.95;
constexpr int look_side = 16;
constexpr float same = 0.4F;    // overlap of boxes of one face
constexpr float beside = 0.7F;  // overlap of a box, below which HOG saw the face beside it

Rect grown(const Rect& box, float by) {
  return {box.x - by * box.width, box.y - by * box.height, (1 + 2 * by) * box.width,
          (1 + 2 * by) * box.height};
}

cv::Mat look_of(const cv::Mat& luma, const Rect& box) {
  const cv::Mat face = cut_out(luma, box, 0);
  cv::Mat few;
  if (face.empty()) return few;
  cv::resize(face, few, {look_side, look_side}, 0, 0, cv::INTER_AREA);
  return normalised(few);
}

}  // namespace

std::vector<Detection> FrontalDetector::detect(const Picture& picture, int min_face_size,
                                               const Rect& by_texture, const Rect& by_shade,
                                               bool thorough) {
  before_ = std::exchange(seen_, {});
  std::erase_if(refused_, [](Refused& refused) { return ++refused.calls > calls_refused; });
  search(picture, shade_, by_shade, min_face_size,
         thorough && picture.dark() ? Care::thorough : Care::quick);
  search(picture, texture_, by_texture, min_face_size, thorough ? Care::thorough : Care::quick);
  for (Seen& face : before_) {
    const bool is_seen = std::ranges::any_of(
        seen_, [&](const Seen& other) { return overlap(other.face.box, face.face.box) > same; });
    if (!is_seen && !look_again(picture, face) && ++face.misses <= most_misses)
      seen_.push_back(face);
  }
  std::ranges::stable_sort(seen_, std::greater{}, [](const Seen& seen) { return seen.face.score; });
  std::vector<Detection> found;
  known_.clear();
  for (const Seen& face : seen_) {
    const auto has_it = [&](const Detection& surer) {
      return surer.frontal && within_head(face.face.box, surer.box);
    };
    if (face.misses > 0 || std::ranges::any_of(found, has_it)) continue;
    found.push_back(face.face);
    if (face.face.frontal) known_.push_back(face.face);
  }
  return found;
}

void FrontalDetector::search(const Picture& picture, Proposals& by, const Rect& part,
                             int min_face_size, Care care) {
  if (part.width <= 0) return;
  const Steps& steps = care == Care::thorough ? by.thorough : by.quick;
  const Cascade::Search how{
      .min_face_size = min_face_size,
      .neighbours = steps.windows,
      .step = steps.scale,
      .detail = care == Care::quick && !picture.dark() ? Cascade::coarse : Cascade::fine};
  for (Detection& face : by.cascade.detect_in(picture.luma(), part, how)) {
    const auto is_here = [&](const Seen& other) {
      return overlap(other.face.box, face.box) > same;
    };
    if (std::ranges::any_of(seen_, is_here)) continue;
    const auto known = std::ranges::find_if(before_, is_here);
    if (known != before_.end() && known->face.frontal && known->calls < calls_verified &&
        overlap(known->face.box, face.box) > surely_the_same) {
      face.score = known->face.score;
      seen_.push_back({face, known->calls + 1});
    } else if (verified(picture, face, steps.sure_windows)) {
      seen_.push_back({face});
    }
  }
}

bool FrontalDetector::look_again(const Picture& picture, const Seen& face) {
  const Rect& box = face.face.box;
  const std::size_t before = seen_.size();
  for (Proposals* by : {&texture_, &shade_}) {
    search(picture, *by, grown(box, around), static_cast<int>(smaller * box.width), Care::again);
    if (seen_.size() > before) return true;
  }
  return false;
}

bool FrontalDetector::verified(const Picture& picture, Detection& face, int sure_windows) {
  const float windows = face.score;
  const cv::Mat look = look_of(picture.luma(), face.box);
  const auto is_it = [&](const Refused& refused) {
    return overlap(refused.box, face.box) > surely_the_same &&
           refused.look.dot(look) > looks_the_same;
  };
  if (look.empty() || (!picture.dark() && std::ranges::any_of(refused_, is_it))) return false;
  auto seen = hog_.look_closely(picture.luma(), face.box, refused_score);
  if (!seen) refused_.push_back({face.box, look});
  if (seen && seen->score < unsure_score) seen.reset();
  face.score = seen ? seen->score : -1;
  face.sure = face.frontal = seen && seen->score >= sure_score;
  if (face.sure && overlap(seen->box, face.box) < beside) face.box = seen->box;
  if (face.sure || !picture.dark()) return seen.has_value();
  const auto close = second_.look_closely(picture.luma(), face.box);
  if (!close || close->score < unsure_windows) return false;
  face.sure = windows >= static_cast<float>(sure_windows) || close->score >= sure_close;
  return true;
}

void FrontalDetector::forget() {
  seen_.clear();
  known_.clear();
  refused_.clear();
}

}  // namespace faceperturb
