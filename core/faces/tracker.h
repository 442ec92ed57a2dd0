// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "faces/detector.h"
#include "faces/face.h"
#include "faces/flow.h"
#include "faces/landmarks.h"
#include "faces/picture.h"

namespace faceperturb {

/// Keeps faces from frame to frame: detections start and confirm tracks, optical flow carries them
/// in between, and a track that is lost is held. All positions are in picture pixels.
class Tracker {
 public:
  using Time = std::chrono::nanoseconds;

  Tracker(const LandmarkPredictor& landmarks, Time hold) : landmarks_(landmarks), hold_(hold) {}

  /// Carries every track from one picture to the next. `now` is the time of the latter.
  void advance(const Picture& from, const Picture& to, Time now);

  /// Brings in what a detector found in the picture that advance() came to. Returns the faces of
  /// the tracks that became visible with it, or whose landmarks turned out wrong: frames before it
  /// need them too.
  std::vector<Face> update(std::span<const Detection> found, const Picture& picture, Time now);

  /// The faces to protect in the present picture.
  std::vector<Face> faces() const;

  /// Forgets all tracks.
  void reset(Time hold);

 private:
  struct Track {
    Face face;
    Time seen{};          // last confirmed by a detection
    Time frontal_seen{};  // the same, by one that landmarks can be fitted to
    bool frontal_sure = false;
    Time lost{-1};  // when optical flow gave up; -1: it has not
    int calls_since_seen = 0;
    int sightings = 0;
    bool carried = false;  // landmarks, at the last sighting
    bool visible = false;  // sure enough to be protected
  };

  void refresh(Track& track, const Detection& detection, const Picture& picture, Time now);
  bool expired(const Track& track, Time now) const;

  const LandmarkPredictor& landmarks_;
  Time hold_;
  std::vector<Track> tracks_;
  std::uint32_t next_id_ = 1;
};

/// `face` moved as its surroundings moved.
Face moved(const Face& face, const Similarity& motion);

}  // namespace faceperturb
