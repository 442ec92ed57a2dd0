// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace protect {

/// A kind of video file.
struct Container {
  std::string_view suffix;  ///< with its dot
  const char* muxer;
  const char* video_encoder;   ///< name in encoders(), unless one is asked for
  const char* audio_encoders;  ///< for sound that cannot be kept as it is: the first that is there
  const char* audio;           ///< caps of the sound that is kept as it is
  const char* text;            ///< caps of the subtitles that are kept
  bool matroska;               ///< has chapters, and subtitles with simple markup
};

/// An encoder with what it takes to give about the quality of the original.
struct Encoder {
  std::string_view name;
  const char* description;  ///< for gst_parse_bin_from_description(); %d: the quality
  int least, most, preset;  ///< of the quality: less is better and larger
};

std::span<const Container> containers();
std::span<const Encoder> encoders();

/// The description of the elements that encode: a name in encoders() at a quality, or a description
/// itself; an empty name: the container's own. Throws a UsageError where they do not fit.
std::string encoder_description(const Container& container, const std::string& name,
                                std::optional<int> quality);

/// The container that a file's name asks for, or null.
const Container* container_of(const std::filesystem::path& file);
/// For a video that cannot be written as what it is.
const Container& fallback_container();

/// Whether a name is that of a picture that can be written.
bool names_picture(const std::filesystem::path& file);
/// Whether a name is that of a video.
bool names_video(const std::filesystem::path& file);

}  // namespace protect
