// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <opencv2/objdetect.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "faces/detector.h"

namespace faceperturb {

/// One boosted cascade (Viola and Jones, CVPR 2001) of Debian's package opencv-data, and how its
/// boxes relate to those of a face from brows to chin.
class Cascade {
 public:
  struct Kind {
    const char* file;  ///< in OpenCV's folder of data
    bool frontal;
    float size;         ///< face width over box width
    float right, down;  ///< from the box's middle to the face's, in box widths
  };
  static const Kind frontal, frontal_shade, frontal_texture, profile;

  /// Throws ModelError.
  explicit Cascade(const Kind& kind);

  static constexpr double quick = 1.25, thorough = 1.1;
  static constexpr float fine = 0.6F, coarse = 0.8F;
  struct Search {
    int min_face_size;  ///< pixels
    int neighbours;     ///< windows that must agree
    /// A profile cascade knows faces that look to the picture's left; this finds the others.
    bool mirrored = false;
    double step = quick;  ///< from one window size to the next: nearer to 1 finds more, for more
    /// The classifier's own window over the smallest that is searched: the less, the more pixels
    /// and the steps between windows are left of the picture, and the longer it takes.
    float detail = fine;
  };

  /// The score of a face is the number of windows that agree on it.
  std::vector<Detection> detect(const cv::Mat& luma, const Search& search);
  /// The same in a part of the picture, which may reach beyond its edge: faces that the edge cuts
  /// are found then.
  std::vector<Detection> detect_in(const cv::Mat& luma, const Rect& part, const Search& search);
  /// The same as detect() for faces that are turned in the picture: by `tilt` degrees, clockwise,
  /// or the other way round where `mirrored`.
  std::vector<Detection> detect_tilted(const cv::Mat& luma, const Search& search, double tilt);
  /// A close look at a face that was seen at `box`: where it is and how many windows agree on it,
  /// or nothing where that look was wrong.
  std::optional<Detection> look_closely(const cv::Mat& luma, const Rect& box, bool mirrored = false,
                                        double tilt = 0);

 private:
  Detection detection(const cv::Rect& window, int agreeing, bool mirrored, int width) const;

  const Kind& kind_;
  cv::CascadeClassifier classifier_;
  cv::Mat reduced_, scaled_;
};

/// A picture and as much beyond its edge as faces are looked for.
Rect beyond_edges(cv::Size size);

}  // namespace faceperturb
