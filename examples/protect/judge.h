// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/video/video.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <opencv2/core/mat.hpp>
#include <string>
#include <vector>

#include "common/gst_ptr.h"
#include "element_options.h"
#include "faces/detector.h"

namespace protect {

/// What a judge saw.
struct Judgement {
  std::uint64_t looked = 0;  ///< frames it looked at
  std::uint64_t faces = 0;   ///< in the clear frames, all told
  std::uint64_t leaks = 0;   ///< of these, that left clear: less than half of eyes to mouth changed
  std::uint64_t frames = 0;  ///< with such a face
  std::uint64_t longest = 0;  ///< run of such frames
};

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Judgement, looked, faces, leaks, frames, longest)

/// An independent detector that looks at what goes in and at what comes out. It sees no face of
/// which it is not sure and none that is smaller than those that are looked for.
class Judge {
 public:
  /// `model` as for make_dnn_detector(). Throws a UsageError.
  Judge(const std::string& model, const std::vector<Setting>& settings);
  ~Judge();
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;

  /// Forgets what it saw.
  void begin();
  /// Watches an element's pads, for as long as it exists. This object must outlive the stream.
  void watch(GstElement* element);
  /// One picture as it was and as it left, 8 bits, 1, 3 (BGR) or 4 (BGRA) channels.
  void look_at(const cv::Mat& clear, const cv::Mat& left);

  /// To be called when no frame flows. Throws a Failure where it could not look.
  const Judgement& judgement() const;

 private:
  struct Frame {
    GstClockTime time;
    cv::Mat luma;
  };
  static GstPadProbeReturn on_input(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn on_output(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  cv::Mat luma_of(GstPad* pad, GstBuffer* buffer);
  void compare(const cv::Mat& clear, const cv::Mat& left, int smallest);

  const std::unique_ptr<faceperturb::Detector> detector_;
  int min_face_size_ = 0;     // 0: by the picture's size
  std::deque<Frame> inputs_;  // frames that are in the element now
  examples::Ptr<GstCaps> caps_;
  GstVideoInfo info_{}, grey_{};
  GstVideoConverter* converter_ = nullptr;
  std::uint64_t run_ = 0;
  std::string fault_;
  Judgement judgement_;
};

}  // namespace protect
