// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metadata.h"

#include <glib.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <memory>

#include "exif.h"

namespace protect {
namespace {

constexpr std::size_t largest_profile = 1U << 20;  // bytes
constexpr std::size_t most_texts = 16;
constexpr double inch = 0.0254;  // metres

constexpr std::string_view jpeg_start("\xff\xd8", 2), png_start("\x89PNG\r\n\x1a\n", 8);
constexpr std::string_view exif_name("Exif\0\0", 6), profile_name("ICC_PROFILE\0", 12),
    jfif_name("JFIF\0", 5);
constexpr std::string_view keywords[] = {"Title",         "Author",   "Description", "Copyright",
                                         "Creation Time", "Software", "Comment"};

bool is_webp(std::string_view file) {
  return file.starts_with("RIFF") &&
         file.substr(std::min<std::size_t>(8, file.size()), 4) == "WEBP";
}

// A number of `size` bytes at `at`, the first the highest; the caller has looked that it is there.
std::uint32_t big(std::string_view bytes, std::size_t at, int size) {
  std::uint32_t number = 0;
  for (int i = 0; i < size; ++i)
    number = number << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)]);
  return number;
}

std::uint32_t little(std::string_view bytes, std::size_t at, int size) {
  std::uint32_t number = 0;
  for (int i = size; i-- > 0;)
    number = number << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)]);
  return number;
}

std::string in_big(std::uint32_t number, int size) {
  std::string bytes;
  for (int i = size; i-- > 0;) bytes += static_cast<char>(number >> 8 * i & 0xff);
  return bytes;
}

std::string in_little(std::uint32_t number, int size) {
  std::string bytes = in_big(number, size);
  std::ranges::reverse(bytes);
  return bytes;
}

// Nothing where it is damaged, or has more than `most` bytes.
std::string inflated(std::string_view bytes, std::size_t most) {
  std::string out(most, '\0');
  uLongf size = out.size();
  if (uncompress(reinterpret_cast<Bytef*>(out.data()), &size,
                 reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()) != Z_OK)
    return {};
  out.resize(size);
  return out;
}

std::string deflated(std::string_view bytes) {
  uLongf size = compressBound(bytes.size());
  std::string out(size, '\0');
  compress(reinterpret_cast<Bytef*>(out.data()), &size,
           reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  out.resize(size);
  return out;
}

// UTF-8, where the bytes are not taken for ISO 8859-1.
std::string utf8(std::string_view bytes) {
  const auto size = static_cast<gssize>(bytes.size());
  if (g_utf8_validate(bytes.data(), size, nullptr)) return std::string(bytes);
  const std::unique_ptr<gchar, decltype(&g_free)> text(
      g_convert(bytes.data(), size, "UTF-8", "ISO-8859-1", nullptr, nullptr, nullptr), g_free);
  return text ? text.get() : "";
}

void add_text(Metadata& metadata, std::string_view keyword, std::string_view bytes) {
  if (std::ranges::find(keywords, keyword) == std::end(keywords)) return;
  const std::string text = utf8(bytes);
  if (is_text(text) && metadata.texts.size() < most_texts)
    metadata.texts.emplace_back(keyword, text);
}

void add_exif(Metadata& metadata, std::string_view block) {
  if (!metadata.exif.empty()) return;
  Exif exif = kept_exif(block);
  metadata.orientation = exif.orientation;
  metadata.exif = std::move(exif.block);
}

// The profile, no more than it says it is long; nothing where it is none.
std::string profile_of(std::string_view bytes) {
  constexpr std::size_t profile_header = 128;
  if (bytes.size() <= profile_header || bytes.substr(36, 4) != "acsp") return {};
  const std::size_t size = big(bytes, 0, 4);
  if (size <= profile_header || size > bytes.size() || size > largest_profile) return {};
  return std::string(bytes.substr(0, size));
}

// --- Reading -----------------------------------------------------------------------------------

void read_jpeg(std::string_view file, Metadata& metadata) {
  constexpr unsigned jfif = 0xe0, app1 = 0xe1, app2 = 0xe2, comment = 0xfe, scan = 0xda;
  constexpr std::size_t numbered = profile_name.size() + 2;
  std::map<int, std::string_view> profile;
  unsigned parts = 0;
  for (std::size_t at = 2; at + 4 <= file.size() && file[at] == '\xff';) {
    const unsigned marker = big(file, at + 1, 1);
    if (marker == 0xff) {  // a fill byte
      ++at;
      continue;
    }
    const std::size_t length = big(file, at + 2, 2);
    if (marker == scan || length < 2 || at + 2 + length > file.size()) break;
    const std::string_view segment = file.substr(at + 4, length - 2);
    at += 2 + length;
    if (marker == app1 && segment.starts_with(exif_name)) {
      add_exif(metadata, segment);
    } else if (marker == app2 && segment.starts_with(profile_name) && segment.size() > numbered) {
      profile[segment[numbered - 2]] = segment.substr(numbered);
      parts = big(segment, numbered - 1, 1);
    } else if (marker == comment) {
      add_text(metadata, "Comment", segment.substr(0, segment.find_last_not_of('\0') + 1));
    } else if (marker == jfif && segment.starts_with(jfif_name) && segment.size() >= 12) {
      const double units = segment[7] == 1 ? 1 / inch : segment[7] == 2 ? 100 : 0;
      metadata.across = static_cast<std::uint32_t>(std::lround(big(segment, 8, 2) * units));
      metadata.down = static_cast<std::uint32_t>(std::lround(big(segment, 10, 2) * units));
    }
  }
  std::string whole;
  for (const auto& [number, part] : profile) whole += part;
  if (profile.size() == parts) metadata.profile = profile_of(whole);
}

// keyword 0 text; or 0, how it is compressed, and zlib's bytes.
void read_png_text(std::string_view chunk, bool compressed, Metadata& metadata) {
  const auto zero = chunk.find('\0');
  if (zero == std::string_view::npos) return;
  std::string_view text = chunk.substr(zero + 1);
  if (!compressed) return add_text(metadata, chunk.substr(0, zero), text);
  if (!text.empty() && text[0] == 0)
    add_text(metadata, chunk.substr(0, zero), inflated(text.substr(1), longest_text));
}

// keyword 0, whether and how it is compressed, language 0, keyword in that language 0, text.
void read_png_utf8(std::string_view chunk, Metadata& metadata) {
  const auto zero = chunk.find('\0');
  if (zero == std::string_view::npos || zero + 3 > chunk.size()) return;
  std::string_view text = chunk.substr(zero + 3);
  for (int i = 0; i < 2; ++i) {
    const auto end = text.find('\0');
    if (end == std::string_view::npos) return;
    text = text.substr(end + 1);
  }
  const std::string_view keyword = chunk.substr(0, zero);
  if (chunk[zero + 1] == 0) return add_text(metadata, keyword, text);
  if (chunk[zero + 2] == 0) add_text(metadata, keyword, inflated(text, longest_text));
}

void read_png(std::string_view file, Metadata& metadata) {
  for (std::size_t at = png_start.size(); at + 12 <= file.size();) {
    const std::size_t length = big(file, at, 4);
    if (length > file.size() - at - 12) break;
    const std::string_view kind = file.substr(at + 4, 4), chunk = file.substr(at + 8, length);
    at += 12 + length;
    if (kind == "eXIf") {
      add_exif(metadata, chunk);
    } else if (kind == "iCCP") {
      const auto zero = chunk.find('\0');
      if (zero != std::string_view::npos && zero + 2 < chunk.size() && chunk[zero + 1] == 0)
        metadata.profile = profile_of(inflated(chunk.substr(zero + 2), largest_profile));
    } else if (kind == "pHYs" && length == 9 && chunk[8] == 1) {
      metadata.across = big(chunk, 0, 4);
      metadata.down = big(chunk, 4, 4);
    } else if (kind == "tEXt" || kind == "zTXt") {
      read_png_text(chunk, kind == "zTXt", metadata);
    } else if (kind == "iTXt") {
      read_png_utf8(chunk, metadata);
    }
  }
}

// Calls `chunk` with the kind of each and its bytes.
void for_webp(std::string_view file,
              const std::function<void(std::string_view, std::string_view)>& chunk) {
  for (std::size_t at = 12; at + 8 <= file.size();) {
    const std::size_t length = little(file, at + 4, 4);
    if (length > file.size() - at - 8) break;
    chunk(file.substr(at, 4), file.substr(at + 8, length));
    at += 8 + length + length % 2;
  }
}

void read_webp(std::string_view file, Metadata& metadata) {
  for_webp(file, [&](std::string_view kind, std::string_view bytes) {
    if (kind == "EXIF") add_exif(metadata, bytes);
    if (kind == "ICCP") metadata.profile = profile_of(bytes);
  });
}

// --- Writing -----------------------------------------------------------------------------------

std::string segment(char marker, std::string_view bytes) {
  return std::string{'\xff', marker} + in_big(static_cast<std::uint32_t>(bytes.size() + 2), 2) +
         std::string(bytes);
}

std::string with_jpeg(const Metadata& metadata, const std::string& file) {
  constexpr std::size_t largest = 65000;  // of a profile's parts
  std::string head;
  const auto density = [](std::uint32_t pixels) {
    return in_big(static_cast<std::uint32_t>(std::clamp(std::lround(pixels * inch), 1L, 65535L)),
                  2);
  };
  if (metadata.across > 0 && metadata.down > 0)
    head += segment('\xe0', std::string(jfif_name) + "\1\2\1" + density(metadata.across) +
                                density(metadata.down) + std::string(2, '\0'));
  if (!metadata.exif.empty()) head += segment('\xe1', std::string(exif_name) + metadata.exif);
  const std::size_t parts = (metadata.profile.size() + largest - 1) / largest;
  for (std::size_t i = 0; i < parts; ++i)
    head += segment('\xe2', std::string(profile_name) + static_cast<char>(i + 1) +
                                static_cast<char>(parts) +
                                metadata.profile.substr(i * largest, largest));
  for (const auto& [keyword, text] : metadata.texts)
    if (keyword == "Comment") head += segment('\xfe', text);
  // A JFIF segment is the first, and the only one.
  std::size_t at = 2;
  if (big(file, 2, 2) == 0xffe0) {
    const std::size_t end = at + 2 + big(file, 4, 2);
    if (head.starts_with("\xff\xe0")) return file.substr(0, 2) + head + file.substr(end);
    at = end;
  }
  return file.substr(0, at) + head + file.substr(at);
}

std::string chunk(std::string_view kind, std::string_view bytes) {
  std::string body(kind);
  body += bytes;
  const auto sum =
      crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return in_big(static_cast<std::uint32_t>(bytes.size()), 4) + body +
         in_big(static_cast<std::uint32_t>(sum), 4);
}

std::string with_png(const Metadata& metadata, const std::string& file) {
  constexpr std::size_t start = png_start.size() + 25;  // after the header
  std::string head;
  if (!metadata.profile.empty())
    head += chunk("iCCP", std::string("ICC profile\0\0", 13) + deflated(metadata.profile));
  if (metadata.across > 0 && metadata.down > 0)
    head += chunk("pHYs", in_big(metadata.across, 4) + in_big(metadata.down, 4) + '\1');
  if (!metadata.exif.empty()) head += chunk("eXIf", metadata.exif);
  for (const auto& [keyword, text] : metadata.texts)
    head += chunk("iTXt", keyword + std::string(5, '\0') + text);
  return file.substr(0, start) + head + file.substr(start);
}

std::string with_webp(const Metadata& metadata, int width, int height, int channels,
                      const std::string& file) {
  constexpr int has_profile = 0x20, has_alpha = 0x10, has_exif = 0x08;
  const auto part = [](std::string_view kind, std::string_view bytes) {
    return std::string(kind) + in_little(static_cast<std::uint32_t>(bytes.size()), 4) +
           std::string(bytes) + std::string(bytes.size() % 2, '\0');
  };
  const int flags = (metadata.profile.empty() ? 0 : has_profile) |
                    (metadata.exif.empty() ? 0 : has_exif) | (channels == 4 ? has_alpha : 0);
  std::string body =
      "WEBP" + part("VP8X", in_little(static_cast<std::uint32_t>(flags), 4) +
                                in_little(static_cast<std::uint32_t>(width - 1), 3) +
                                in_little(static_cast<std::uint32_t>(height - 1), 3));
  if (!metadata.profile.empty()) body += part("ICCP", metadata.profile);
  for_webp(file, [&](std::string_view kind, std::string_view bytes) {
    if (kind != "VP8X") body += part(kind, bytes);
  });
  if (!metadata.exif.empty()) body += part("EXIF", metadata.exif);
  return part("RIFF", body);
}

}  // namespace

Metadata read_metadata(std::string_view file) {
  Metadata metadata;
  if (file.starts_with(jpeg_start))
    read_jpeg(file, metadata);
  else if (file.starts_with(png_start))
    read_png(file, metadata);
  else if (is_webp(file))
    read_webp(file, metadata);
  if (metadata.orientation > 4) std::swap(metadata.across, metadata.down);
  return metadata;
}

void add_metadata(const Metadata& metadata, int width, int height, int channels,
                  std::vector<unsigned char>& file) {
  Metadata fitting = metadata;
  const std::string_view space = channels == 1 ? "GRAY" : "RGB ";
  if (!metadata.profile.empty() && metadata.profile.substr(16, 4) != space) fitting.profile.clear();
  const std::string plain(file.begin(), file.end());
  std::string whole = plain;
  if (plain.starts_with(jpeg_start))
    whole = with_jpeg(fitting, plain);
  else if (plain.starts_with(png_start))
    whole = with_png(fitting, plain);
  else if (is_webp(plain) && !(fitting.exif.empty() && fitting.profile.empty()))
    whole = with_webp(fitting, width, height, channels, plain);
  file.assign(whole.begin(), whole.end());
}

}  // namespace protect
