// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "faces/geometry.h"
#include "support/gst.h"

namespace faceperturb::test {

/// A pipeline by its description, as for gst-launch-1.0; throws what GStreamer has against it.
class Pipeline {
 public:
  explicit Pipeline(const std::string& description);
  ~Pipeline();

  /// Calls `visit` with each buffer that passes a pad, in the streaming thread.
  void on_buffer(const char* element, const char* pad,
                 std::function<void(GstPad* pad, GstBuffer* buffer)> visit);
  /// Plays until the end. Returns nothing, or what went wrong; the time limit counts as wrong.
  std::string run(std::chrono::seconds limit = std::chrono::seconds(120));

  ElementPtr element;
};

/// What faceperturb (named "f") did in a pipeline, frame by frame.
struct Watch {
  explicit Watch(Pipeline& pipeline);

  struct Face {
    int frame;
    Rect box;
  };
  int frames = 0;
  std::vector<Face> faces;
  int clear_faces = 0;     ///< faces in whose box nothing changed
  int covered_frames = 0;  ///< frames that left black
  int spoiled_frames = 0;  ///< frames that changed far from any face

 private:
  std::deque<std::vector<std::uint8_t>> waiting_;  // frames that went in and did not come out
};

/// The pictures (8-bit gray) of a video file, and how much sound there is.
struct Movie {
  std::vector<cv::Mat> pictures;
  int audio_buffers = 0;
  GstClockTime end = 0;  ///< of the last picture
  std::string error;
};
Movie decode(const std::string& file);

/// Writes `count` pictures of the rendered scene as H.264 in a Matroska file.
void write_scene(const std::string& file, Size size, int count, int pictures_per_second);

/// How many of the reported faces the detector finds in a movie.
int found(const Movie& movie, const Watch& watch);

/// Expects of a movie that it shows the clear one frame for frame, with its sound, and that the
/// reported faces, and nothing else, were changed.
void expect_protected(const Movie& clear, const Movie& outcome, const Watch& watch);

/// The middle half of a face's box, where its features are.
Rect features(const Rect& box);

/// Mean absolute difference of two pictures within a box.
double difference(const cv::Mat& a, const cv::Mat& b, const Rect& box);

}  // namespace faceperturb::test
