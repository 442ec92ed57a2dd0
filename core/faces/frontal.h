// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <opencv2/core/mat.hpp>
#include <vector>

#include "faces/cascade.h"
#include "faces/detector.h"
#include "faces/hog.h"

namespace faceperturb {

/// Faces seen from the front: proposals of two cascades, which miss different faces, verified by
/// HOG. In the dark HOG knows few faces: a close look by another cascade, or being seen again, must
/// do there. Where a face was found it is looked for again at each call, by both, for less than a
/// search costs; what HOG surely refused it is not asked for again while it looks the same.
class FrontalDetector {
 public:
  /// Searches these parts of the picture, where they have a size: by texture (local binary
  /// patterns), and by light and shade (Haar features), which takes twice as long. A thorough
  /// search finds more, and takes longer.
  std::vector<Detection> detect(const Picture& picture, int min_face_size, const Rect& by_texture,
                                const Rect& by_shade, bool thorough);
  /// Faces that the last call saw for sure.
  const std::vector<Detection>& known() const { return known_; }
  /// The next picture has nothing to do with those before.
  void forget();

 private:
  struct Steps {
    double scale;      // from one window's size to the next
    int windows;       // that must agree
    int sure_windows;  // in the dark
  };
  struct Proposals {
    Cascade cascade;
    Steps quick, thorough;
  };
  struct Seen {
    Detection face;
    int calls = 0;   // since HOG verified it
    int misses = 0;  // in a row
  };
  struct Refused {
    Rect box;
    cv::Mat look;
    int calls = 0;  // since then
  };

  enum class Care { quick, again, thorough };

  void search(const Picture& picture, Proposals& by, const Rect& part, int min_face_size,
              Care care);
  bool look_again(const Picture& picture, const Seen& face);
  bool verified(const Picture& picture, Detection& face, int sure_windows);

  Hog hog_;
  // In smaller steps, more windows see the same.
  Proposals texture_{Cascade(Cascade::frontal_texture), {1.15, 1, 6}, {Cascade::thorough, 2, 12}};
  Proposals shade_{
      Cascade(Cascade::frontal_shade), {Cascade::quick, 2, 6}, {Cascade::thorough, 4, 12}};
  Cascade second_{Cascade::frontal};
  std::vector<Seen> before_, seen_;  // by the call before, and by this one
  std::vector<Refused> refused_;
  std::vector<Detection> known_;
};

}  // namespace faceperturb
