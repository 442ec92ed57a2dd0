// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <filesystem>
#include <opencv2/core/mat.hpp>
#include <string>

#include "common/output_file.h"
#include "metadata.h"

namespace protect {

struct Picture {
  cv::Mat pixels;  // upright, 8 bits a channel, 1, 3 (BGR) or 4 (BGRA) channels
  Metadata metadata;
  std::string note;  // what is not as in the file
};

/// Reads a picture. Throws a Failure where it cannot be read to its end.
Picture read_picture(const std::filesystem::path& file);

/// Writes a picture and, into JPEG, PNG and WebP, its metadata. Throws a Failure.
void write_picture(const Picture& picture, const examples::OutputFile& output, int jpeg_quality);

}  // namespace protect
