// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>

namespace protect {

/// The longest text of a picture's metadata that stays, in bytes: a picture in disguise is longer.
constexpr std::size_t longest_text = 2048;

/// Whether bytes are a text that may stay: not empty, no longer than `longest_text`, and without
/// the control characters of which every picture is full.
bool is_text(std::string_view bytes);

struct Exif {
  std::string block;    // a TIFF structure without "Exif\0\0" before it; empty: there is nothing
  int orientation = 1;  // of the stored pixels, 1 to 8
};

/// Makes a new EXIF block of the entries of an old one, with or without "Exif\0\0" before it, that
/// are on a list and hold what such an entry may hold: dates, camera, exposure, position, author
/// and description. Thumbnails and maker notes, which can show the clear picture, are on no list.
/// The new block says that the picture is upright. Of a damaged one there remains what can be read.
Exif kept_exif(std::string_view old);

}  // namespace protect
