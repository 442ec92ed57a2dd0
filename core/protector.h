// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "frame/frame.h"
#include "guard/lookahead.h"
#include "perturb/methods.h"
#include "perturb/random.h"
#include "record/fingerprint.h"
#include "record/recording.h"
#include "regions/regions.h"

namespace faceperturb {

/// What may change from one frame to the next.
struct Settings {
  Method method = Method::shuffle;
  Regions regions = Regions::eyes | Regions::nose | Regions::mouth;
  int pixels = 0;     ///< a face, >= 0; 0: all that the regions have
  int cell_size = 1;  ///< luma pixels, >= 1; rounded up to the chroma sub-sampling
  ParameterValues parameters{};
  int rekey_interval = 1;  ///< frames that share their draws, >= 1; one by one for methods without
                           ///< undo
};

/// The last stage: carries a verdict out on its frame. One protector serves one stream and one
/// thread at a time.
class Protector {
 public:
  /// `secret` decides every draw. It is stored nowhere else: with a random one nobody can undo a
  /// permutation.
  explicit Protector(const Secret& secret = Secret::random());
  ~Protector();

  /// Perturbs the faces of the verdict in place, or covers the frame where the verdict says so.
  /// Never throws: where it fails, the frame is covered and the verdict changed to say why.
  void protect(const Frame& frame, Verdict& verdict, const Settings& settings,
               Recording* recording = nullptr) noexcept;

 private:
  void perturb(const Frame& frame, const Verdict& verdict, const Settings& settings,
               Recording* recording);

  RegionMapper regions_;
  std::unique_ptr<Workspace> workspace_;
  Secret secret_;
  std::uint64_t frame_counter_ = 0;
  Fingerprinter fingerprints_;
};

}  // namespace faceperturb
