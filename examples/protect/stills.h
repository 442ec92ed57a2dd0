// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <filesystem>
#include <opencv2/core/mat.hpp>
#include <string>
#include <vector>

#include "common/gst_ptr.h"
#include "common/output_file.h"
#include "element_options.h"

namespace protect {

/// The element, for pictures. Each is shown to it twice, so that a face of which one look is not
/// sure is found by the second, and with a margin around it, for a face that fills its picture is
/// else not found.
class Stills {
 public:
  /// Without `margin` what the element sees, and records, is the picture itself. Throws a
  /// UsageError for the settings, a Failure where the element cannot start.
  Stills(const std::vector<Setting>& settings, bool margin);
  ~Stills();
  Stills(const Stills&) = delete;
  Stills& operator=(const Stills&) = delete;

  struct Result {
    cv::Mat picture;
    int faces = 0;
  };
  /// Protects a picture: 8 bits, 1, 3 (BGR) or 4 (BGRA) channels, 16x16 or larger. Throws a
  /// Failure.
  Result protect(const cv::Mat& picture);

 private:
  /// What comes out for it, and how many faces were found.
  Result look(const cv::Mat& picture);
  void push(GstBuffer* buffer);
  std::string fault();
  static GstFlowReturn take(GstPad* pad, GstObject* parent, GstBuffer* buffer);

  examples::Ptr<GstElement> element_;
  examples::Ptr<GstBus> bus_;
  examples::Ptr<GstPad> source_, sink_;  // ours, linked to the element's
  const bool margin_;
  const bool own_face_size_;  // the user set min-face-size
  guint64 count_ = 0;
  std::vector<examples::Ptr<GstBuffer>> out_;
};

/// Reads a picture, upright as its EXIF orientation says, 8 bits a channel; `note` says what is not
/// as in the file. Throws a Failure where it cannot be read to its end.
cv::Mat read_picture(const std::filesystem::path& file, std::string& note);
/// Writes the pixels and nothing else of a file's metadata. Throws a Failure.
void write_picture(const cv::Mat& picture, const examples::OutputFile& output, int jpeg_quality);

}  // namespace protect
