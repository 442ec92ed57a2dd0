// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace protect {

/// What a picture's file says of it, as far as it may stay beside protected pixels. All of it is on
/// lists: nothing else is read, so nothing else can be written. Thumbnails, previews, second
/// pictures, maker notes, XMP and IPTC, which may name the people, are on none.
struct Metadata {
  int orientation = 1;                 // of the stored pixels as EXIF counts, 1 to 8
  std::string exif;                    // see kept_exif(); of an upright picture
  std::string profile;                 // ICC
  std::uint32_t across = 0, down = 0;  // pixels a metre of the upright picture; 0: not known
  /// Keywords of PNG and texts in UTF-8. A JPEG's comment is the text `Comment`.
  std::vector<std::pair<std::string, std::string>> texts;

  bool empty() const { return exif.empty() && profile.empty() && across == 0 && texts.empty(); }
};

/// Of a JPEG, PNG or WebP file; of other files there is none. What is damaged is left out.
Metadata read_metadata(std::string_view file);

/// Puts metadata into a file that has none, as OpenCV writes it: JPEG, PNG or WebP; others stay as
/// they are. A profile that is not for so many channels is left out.
void add_metadata(const Metadata& metadata, int width, int height, int channels,
                  std::vector<unsigned char>& file);

}  // namespace protect
