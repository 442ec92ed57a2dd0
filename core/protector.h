// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "faces/detector.h"
#include "faces/landmarks.h"
#include "frame/cells.h"
#include "frame/frame.h"
#include "guard/state.h"
#include "perturb/methods.h"
#include "perturb/random.h"
#include "regions/regions.h"

namespace faceperturb {

/// What may change from one frame to the next.
struct Settings {
  Method method = Method::shuffle;
  Regions regions = Regions::eyes | Regions::nose | Regions::mouth;
  int pixels = 0;         ///< a face, >= 0; 0: all that the regions have
  int cell_size = 1;      ///< luma pixels, >= 1; rounded up to the chroma sub-sampling
  int min_face_size = 0;  ///< luma pixels; 0: default_min_face_size()
};

/// What was done to one frame.
struct Report {
  FrameState state = FrameState::covered;
  std::vector<Face> faces;
  std::string fault;  ///< why the frame was covered; empty otherwise
  std::chrono::nanoseconds detect_time{};
  std::chrono::nanoseconds landmark_time{};
  std::chrono::nanoseconds perturb_time{};
};

/// The whole pipeline over one stream: frame -> faces -> regions -> method -> the same frame. One
/// protector serves one thread at a time.
class Protector {
 public:
  Protector(std::unique_ptr<Detector> detector, LandmarkPredictor landmarks);

  /// Finds every face and perturbs it in place. Never throws: where a stage fails, the whole frame
  /// is covered and the report says why.
  Report protect(const Frame& frame, const Settings& settings) noexcept;

 private:
  void find_faces(const Frame& frame, const Settings& settings, Report& report);
  void perturb(const Frame& frame, const Settings& settings, Report& report);

  std::unique_ptr<Detector> detector_;
  LandmarkPredictor landmarks_;
  LumaReader luma_;
  RegionMapper regions_;
  Workspace workspace_;
  Secret secret_ = Secret::random();  // never stored: nobody can undo the permutation
  std::uint64_t frame_counter_ = 0;
};

}  // namespace faceperturb
