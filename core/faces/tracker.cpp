// SPDX-License-Identifier: LGPL-2.1-or-later
#include "faces/tracker.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace faceperturb {
namespace {

using Seconds = std::chrono::duration<float>;

// How long a track that optical flow carries lives without a detector's word, in units of the hold
// time: more for one that was seen often, for detectors miss a turned or blurred face for seconds.
constexpr int longest_patience = 8;
// Detector calls without it that a face outlasts.
constexpr int calls_missed = 2;
// Detector calls, and time, within which a face that one sighting does not make sure must be seen
// again: whichever is longer, so that a detector that is called more often finds no less.
constexpr int calls_unsure = 4;
constexpr auto time_unsure = std::chrono::milliseconds(667);

// Share of the box's width by which the place grows uncertain in a second, and at most.
constexpr float growth_carried = 0.06F;
constexpr float growth_held = 0.3F;
constexpr float growth_most = 0.4F;

// Overlap from which a detection is of the face that a track follows; more is asked of one that is
// not sure, or that is a profile where a face seen from the front is not sure.
constexpr float same_face = 0.2F;
constexpr float surely_same_face = 0.45F;

constexpr float landmark_gain = 0.6F;  // of new landmarks against carried ones

bool near(const Landmarks& a, const Landmarks& b, float distance) {
  float sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::hypot(a[i].x - b[i].x, a[i].y - b[i].y);
  return sum < distance * static_cast<float>(a.size());
}

}  // namespace

Face moved(const Face& face, const Similarity& motion) {
  Face result = face;
  result.box = motion(face.box);
  if (result.landmarks)
    std::ranges::transform(*result.landmarks, result.landmarks->begin(), motion);
  return result;
}

void Tracker::advance(const Picture& from, const Picture& to, Time now) {
  cv::Rect part;
  for (const Track& track : tracks_) part |= surroundings(track.face.box, to.size());
  for (Track& track : tracks_) {
    const float age = std::chrono::duration_cast<Seconds>(now - track.seen).count();
    float rate = growth_carried;
    if (const auto motion = follow(from, to, track.face.box, part)) {
      track.face = moved(track.face, *motion);
      track.lost = Time{-1};
    } else {
      if (track.lost < Time{0}) track.lost = now;
      rate = growth_held;
    }
    track.face.held = track.lost >= Time{0};
    track.face.growth = track.face.box.width * std::clamp(rate * age, 0.F, growth_most);
  }
  std::erase_if(tracks_, [&](const Track& track) { return expired(track, now); });
}

bool Tracker::expired(const Track& track, Time now) const {
  if (!track.visible)
    return track.lost >= Time{0} ||
           (track.calls_since_seen > calls_unsure && now - track.seen > time_unsure);
  const bool is_lost = track.lost >= Time{0};
  // However slow the stream is: a detector that searches in turns may miss it once.
  const int calls = hold_ > Time{0} ? calls_missed : is_lost ? 0 : 1;
  if (track.calls_since_seen < calls) return false;
  if (is_lost) return now - track.lost >= hold_;
  return now - track.seen >= hold_ * std::min(track.sightings, longest_patience);
}

std::vector<Face> Tracker::update(std::span<const Detection> found, const Picture& picture,
                                  Time now) {
  for (Track& track : tracks_) ++track.calls_since_seen;
  std::vector<Face> appeared;
  std::vector<bool> matched(tracks_.size(), false);
  for (const Detection& detection : found) {
    std::size_t best = tracks_.size();
    float best_overlap = 0;
    for (std::size_t i = 0; i < matched.size(); ++i) {
      const Face& face = tracks_[i].face;
      const float o = overlap(face.box, detection.box);
      const bool doubtful = (!detection.sure && tracks_[i].visible) ||
                            (!detection.frontal && face.landmarks && !tracks_[i].frontal_sure);
      if (o > best_overlap && o > (doubtful ? surely_same_face : same_face))
        best = i, best_overlap = o;
    }
    if (best < matched.size() && matched[best]) continue;  // the same face once more
    if (best == tracks_.size()) {
      tracks_.push_back({});
      matched.push_back(false);
      tracks_.back().face.id = next_id_++;
    }
    Track& track = tracks_[best];
    matched[best] = true;
    const bool had_landmarks = track.face.landmarks.has_value();
    refresh(track, detection, picture, now);
    track.seen = now;
    track.calls_since_seen = 0;
    track.lost = Time{-1};
    ++track.sightings;
    if (!track.visible && (detection.sure || track.sightings >= 2)) {
      track.visible = true;
      appeared.push_back(track.face);
    } else if (track.visible && had_landmarks && !track.face.landmarks) {
      appeared.push_back(track.face);
    }
  }
  // Two tracks that came together follow one face: the one that was seen last has it.
  std::erase_if(tracks_, [&](const Track& track) {
    return std::ranges::any_of(tracks_, [&](const Track& other) {
      return other.seen > track.seen && other.visible &&
             overlap(other.face.box, track.face.box) > 0.5F;
    });
  });
  std::erase_if(tracks_, [&](const Track& track) { return expired(track, now); });
  return appeared;
}

void Tracker::refresh(Track& track, const Detection& detection, const Picture& picture, Time now) {
  Face& face = track.face;
  face.score = detection.score;
  face.held = false;
  if (!detection.frontal && face.landmarks) {
    // Profile detectors see frontal faces too, and put their box beside them: they confirm such a
    // face, but only when it has not been seen from the front for a while do they say where it is.
    if (now - track.frontal_seen > hold_) {
      face.box = united(face.box, detection.box);
      face.landmarks.reset();
    }
    return;
  }
  face.box = detection.box;
  face.growth = 0;
  // Optical flow carries landmarks from one call to the next: every other one they are fitted.
  track.carried = !track.carried && detection.frontal && !detection.points && face.landmarks &&
                  plausible(*face.landmarks, detection.box);
  std::optional<Landmarks> fresh;
  if (track.carried) {
    fresh = face.landmarks;
  } else if (detection.frontal) {
    fresh = landmarks_.predict(picture.view(), detection.box);
    if (!plausible(*fresh, detection.box) ||
        (detection.points && !agree(*fresh, *detection.points, detection.box)))
      fresh.reset();
  }
  if (detection.frontal) {
    track.frontal_seen = now;
    track.frontal_sure = detection.sure;
  }
  if (fresh && face.landmarks && near(*fresh, *face.landmarks, 0.1F * detection.box.width)) {
    for (std::size_t i = 0; i < fresh->size(); ++i) {
      const Point& old = (*face.landmarks)[i];
      Point& point = (*fresh)[i];
      point.x = old.x + landmark_gain * (point.x - old.x);
      point.y = old.y + landmark_gain * (point.y - old.y);
    }
  }
  face.landmarks = fresh;
}

void Tracker::reset(Time hold) {
  tracks_.clear();
  hold_ = hold;
}

std::vector<Face> Tracker::faces() const {
  std::vector<Face> result;
  for (const Track& track : tracks_)
    if (track.visible) result.push_back(track.face);
  return result;
}

}  // namespace faceperturb
