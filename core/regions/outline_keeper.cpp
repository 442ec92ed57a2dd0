// SPDX-License-Identifier: LGPL-2.1-or-later
#include "regions/outline_keeper.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

namespace faceperturb {
namespace {

constexpr float slack = 0.03F;  // of the face's width, by which outlines are wider
constexpr std::size_t most_tracks = 64;
constexpr std::uint64_t stale = 1000;  // frames

// Whether every place of `inner` is in `outer` or at most `reach` luma pixels outside of it. What
// is convex holds the whole of an outline when it holds its points; a number that is none lies
// nowhere.
bool covers(const Outline& outer, const Outline& inner, float reach) {
  const double least = double{inner.margin} - outer.margin - reach;
  return std::ranges::all_of(inner.points, [&](const cv::Point2f& p) {
    return cv::pointPolygonTest(outer.points, p, true) >= least;
  });
}

}  // namespace

void OutlineKeeper::start_frame() {
  ++frames_;
  if (kept_.size() > most_tracks)
    std::erase_if(kept_, [&](const auto& t) { return t.second.used + stale < frames_; });
}

DrawnOutlines& OutlineKeeper::outlines(const Face& face, Regions regions, int dot) {
  region_outlines(face, regions, now_.outlines);
  now_.grid = {};
  const float wider = slack * face.box.width, rounding = static_cast<float>(dot);
  if (face.id == 0 || !(wider > rounding)) return now_;
  Kept& kept = kept_[std::uint64_t{face.id} << 32 | static_cast<std::uint32_t>(regions)];
  kept.used = frames_;
  // The other way round too: it must not stay large around a face that became small.
  const auto fits = [&](const Outline& was, const Outline& is) {
    return covers(was, is, -rounding) && covers(is, was, 2 * wider);
  };
  if (!std::ranges::equal(kept.drawn.outlines, now_.outlines, fits)) {
    kept.drawn.outlines = now_.outlines;
    for (Outline& outline : kept.drawn.outlines) outline.margin += wider;
    kept.drawn.grid = {};
  }
  return kept.drawn;
}

}  // namespace faceperturb
