// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <memory>
#include <opencv2/core/mat.hpp>
#include <string>
#include <vector>

#include "common/gst_ptr.h"
#include "element_options.h"

namespace protect {

/// The element in a pipeline of one picture, with a thread of its own for nothing but detection.
class Looker {
 public:
  /// Throws a UsageError for the settings, a Failure where the element cannot start.
  explicit Looker(const std::vector<std::vector<Setting>>& settings);
  ~Looker();
  Looker(const Looker&) = delete;
  Looker& operator=(const Looker&) = delete;

  /// Shows the element a picture twice, so that a face of which one look is not sure is found by
  /// the second. Protects it in place and returns the boxes of its faces; `known` is for an element
  /// that is told where faces are. Throws a Failure.
  std::vector<cv::Rect> look(cv::Mat& picture, int min_face_size,
                             const std::vector<cv::Rect>& known = {});

 private:
  void push(GstBuffer* buffer);
  std::string fault();
  static GstFlowReturn take(GstPad* pad, GstObject* parent, GstBuffer* buffer);

  examples::Ptr<GstElement> element_;
  examples::Ptr<GstBus> bus_;
  examples::Ptr<GstPad> source_, sink_;  // ours, linked to the element's
  guint64 count_ = 0;
  std::vector<examples::Ptr<GstBuffer>> out_;
};

/// Width of the smallest face that is looked for in a picture, unless told otherwise.
int smallest_face_in_picture(cv::Size picture);

/// Protects pictures. What the element's quick search misses a slower detector may find, and a face
/// that fills its picture is found with a margin around it.
class Stills {
 public:
  /// With `recorded` what the element sees is the picture itself, once, so that its record restores
  /// it. Throws as Looker does.
  Stills(std::vector<Setting> settings, bool recorded);
  ~Stills();

  struct Result {
    cv::Mat picture;
    std::size_t faces = 0;
  };
  /// Protects a picture: 8 bits, 1, 3 (BGR) or 4 (BGRA) channels, 16x16 or larger. Throws a
  /// Failure.
  Result protect(const cv::Mat& picture);

 private:
  class SlowSearch;
  int min_face_size(const cv::Mat& picture) const;
  std::vector<cv::Rect> missed(const cv::Mat& clear, const std::vector<cv::Rect>& found);

  const std::vector<Setting> settings_;
  const bool recorded_;
  Looker looker_;
  std::unique_ptr<Looker> told_;      // protects what `slow_` found; made when there is something
  std::unique_ptr<SlowSearch> slow_;  // null where the user chose the detector
};

}  // namespace protect
