// SPDX-License-Identifier: LGPL-2.1-or-later
#include "formats.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>

#include "common/command.h"

namespace protect {
namespace {

constexpr char mp4_audio[] =
    "audio/mpeg,mpegversion=1,layer=3;audio/mpeg,mpegversion=4;audio/x-ac3;audio/x-alac;"
    "audio/x-opus";
constexpr char mov_audio[] =
    "audio/mpeg,mpegversion=1,layer=3;audio/mpeg,mpegversion=4;audio/x-ac3;audio/x-alac";
constexpr char mkv_audio[] =
    "audio/mpeg,mpegversion=1;audio/mpeg,mpegversion=4;audio/x-ac3;audio/x-eac3;audio/x-dts;"
    "audio/x-vorbis;audio/x-flac;audio/x-opus";
constexpr char mp4_text[] = "text/x-raw";
constexpr char mkv_text[] = "text/x-raw;application/x-ssa;application/x-ass;subpicture/x-dvd";
constexpr char aac[] = "avenc_aac fdkaacenc voaacenc faac";
constexpr char opus[] = "opusenc vorbisenc";

constexpr std::array container_table{
    Container{".mp4", "mp4mux", "x264", aac, mp4_audio, mp4_text, false},
    Container{".m4v", "mp4mux", "x264", aac, mp4_audio, mp4_text, false},
    Container{".mov", "qtmux", "x264", aac, mov_audio, mp4_text, false},
    Container{".mkv", "matroskamux", "x264", opus, mkv_audio, mkv_text, true},
    Container{".webm", "webmmux", "vp9", opus, "audio/x-vorbis;audio/x-opus", "text/x-raw", true},
};

constexpr std::array encoder_table{
    Encoder{"x264", "x264enc speed-preset=veryfast pass=qual quantizer=%d", 1, 50, 20},
    Encoder{"x265",
            "x265enc speed-preset=veryfast option-string=crf=%d:log-level=warning ! h265parse", 1,
            51, 22},
    Encoder{"vp8", "vp8enc end-usage=cq target-bitrate=20000000 cq-level=%d deadline=1 cpu-used=4",
            0, 63, 12},
    Encoder{"vp9", "vp9enc end-usage=cq cq-level=%d deadline=1 cpu-used=5 row-mt=true ! vp9parse",
            0, 63, 28},
};

constexpr std::array<std::string_view, 10> picture_suffixes{
    ".jpg", ".jpeg", ".png", ".bmp", ".webp", ".pgm", ".ppm", ".pnm", ".tif", ".tiff"};
constexpr std::array<std::string_view, 25> video_suffixes{
    ".mp4", ".m4v",  ".mov", ".mkv", ".webm", ".avi",  ".mpg", ".mpeg", ".ts",
    ".mts", ".m2ts", ".m2v", ".vob", ".3gp",  ".3g2",  ".flv", ".wmv",  ".asf",
    ".ogv", ".ogg",  ".mxf", ".dv",  ".gif",  ".h264", ".y4m"};

std::string suffix_of(const std::filesystem::path& file) {
  std::string suffix = file.extension().string();
  std::ranges::transform(suffix, suffix.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return suffix;
}

}  // namespace

std::span<const Container> containers() { return container_table; }

std::span<const Encoder> encoders() { return encoder_table; }

std::string encoder_description(const Container& container, const std::string& name,
                                std::optional<int> quality) {
  const std::string_view wanted = name.empty() ? container.video_encoder : std::string_view(name);
  const auto known = std::ranges::find(encoder_table, wanted, &Encoder::name);
  if (known == encoder_table.end()) {
    if (quality) throw examples::UsageError("--quality is for the encoders that --help names");
    return name;
  }
  const int value = quality.value_or(known->preset);
  if (value < known->least || value > known->most)
    throw examples::UsageError("--quality needs " + std::to_string(known->least) + " to " +
                               std::to_string(known->most) + " for " + std::string(wanted));
  std::array<char, 200> text{};
  std::snprintf(text.data(), text.size(), known->description, value);
  return text.data();
}

const Container* container_of(const std::filesystem::path& file) {
  const auto found = std::ranges::find(container_table, suffix_of(file), &Container::suffix);
  return found == container_table.end() ? nullptr : &*found;
}

const Container& fallback_container() { return container_table[3]; }

bool names_picture(const std::filesystem::path& file) {
  return std::ranges::find(picture_suffixes, suffix_of(file)) != picture_suffixes.end();
}

bool names_video(const std::filesystem::path& file) {
  return std::ranges::find(video_suffixes, suffix_of(file)) != video_suffixes.end();
}

}  // namespace protect
