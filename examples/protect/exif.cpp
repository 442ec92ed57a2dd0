// SPDX-License-Identifier: LGPL-2.1-or-later
#include "exif.h"

#include <libexif/exif-data.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>

namespace protect {
namespace {

constexpr std::string_view header("Exif\0\0", 6);
constexpr std::size_t longest_number = 32;  // bytes: the four rationals of a lens

constexpr int picture_tags[] = {
    EXIF_TAG_IMAGE_DESCRIPTION, EXIF_TAG_MAKE,         EXIF_TAG_MODEL,        EXIF_TAG_ORIENTATION,
    EXIF_TAG_SOFTWARE,          EXIF_TAG_X_RESOLUTION, EXIF_TAG_Y_RESOLUTION, EXIF_TAG_ARTIST,
    EXIF_TAG_RESOLUTION_UNIT,   EXIF_TAG_DATE_TIME,    EXIF_TAG_COPYRIGHT};

// No serial numbers, no owner, no names of other files, and no sizes, which no longer hold.
constexpr int camera_tags[] = {EXIF_TAG_EXPOSURE_TIME,
                               EXIF_TAG_FNUMBER,
                               EXIF_TAG_EXPOSURE_PROGRAM,
                               EXIF_TAG_ISO_SPEED_RATINGS,
                               EXIF_TAG_SENSITIVITY_TYPE,
                               EXIF_TAG_RECOMMENDED_EXPOSURE_INDEX,
                               EXIF_TAG_EXIF_VERSION,
                               EXIF_TAG_DATE_TIME_ORIGINAL,
                               EXIF_TAG_DATE_TIME_DIGITIZED,
                               EXIF_TAG_OFFSET_TIME,
                               EXIF_TAG_OFFSET_TIME_ORIGINAL,
                               EXIF_TAG_OFFSET_TIME_DIGITIZED,
                               EXIF_TAG_SUB_SEC_TIME,
                               EXIF_TAG_SUB_SEC_TIME_ORIGINAL,
                               EXIF_TAG_SUB_SEC_TIME_DIGITIZED,
                               EXIF_TAG_SHUTTER_SPEED_VALUE,
                               EXIF_TAG_APERTURE_VALUE,
                               EXIF_TAG_BRIGHTNESS_VALUE,
                               EXIF_TAG_EXPOSURE_BIAS_VALUE,
                               EXIF_TAG_MAX_APERTURE_VALUE,
                               EXIF_TAG_SUBJECT_DISTANCE,
                               EXIF_TAG_METERING_MODE,
                               EXIF_TAG_LIGHT_SOURCE,
                               EXIF_TAG_FLASH,
                               EXIF_TAG_FOCAL_LENGTH,
                               EXIF_TAG_USER_COMMENT,
                               EXIF_TAG_COLOR_SPACE,
                               EXIF_TAG_SENSING_METHOD,
                               EXIF_TAG_CUSTOM_RENDERED,
                               EXIF_TAG_EXPOSURE_MODE,
                               EXIF_TAG_WHITE_BALANCE,
                               EXIF_TAG_DIGITAL_ZOOM_RATIO,
                               EXIF_TAG_FOCAL_LENGTH_IN_35MM_FILM,
                               EXIF_TAG_SCENE_CAPTURE_TYPE,
                               EXIF_TAG_GAIN_CONTROL,
                               EXIF_TAG_CONTRAST,
                               EXIF_TAG_SATURATION,
                               EXIF_TAG_SHARPNESS,
                               EXIF_TAG_SUBJECT_DISTANCE_RANGE,
                               EXIF_TAG_LENS_SPECIFICATION,
                               EXIF_TAG_LENS_MAKE,
                               EXIF_TAG_LENS_MODEL,
                               EXIF_TAG_GAMMA};

constexpr int position_tags[] = {EXIF_TAG_GPS_VERSION_ID,
                                 EXIF_TAG_GPS_LATITUDE_REF,
                                 EXIF_TAG_GPS_LATITUDE,
                                 EXIF_TAG_GPS_LONGITUDE_REF,
                                 EXIF_TAG_GPS_LONGITUDE,
                                 EXIF_TAG_GPS_ALTITUDE_REF,
                                 EXIF_TAG_GPS_ALTITUDE,
                                 EXIF_TAG_GPS_TIME_STAMP,
                                 EXIF_TAG_GPS_STATUS,
                                 EXIF_TAG_GPS_MEASURE_MODE,
                                 EXIF_TAG_GPS_DOP,
                                 EXIF_TAG_GPS_SPEED_REF,
                                 EXIF_TAG_GPS_SPEED,
                                 EXIF_TAG_GPS_TRACK_REF,
                                 EXIF_TAG_GPS_TRACK,
                                 EXIF_TAG_GPS_IMG_DIRECTION_REF,
                                 EXIF_TAG_GPS_IMG_DIRECTION,
                                 EXIF_TAG_GPS_MAP_DATUM,
                                 EXIF_TAG_GPS_DATE_STAMP,
                                 EXIF_TAG_GPS_DIFFERENTIAL,
                                 EXIF_TAG_GPS_H_POSITIONING_ERROR};

struct List {
  ExifIfd where;
  std::span<const int> tags;
};
constexpr std::array lists{List{EXIF_IFD_0, picture_tags}, List{EXIF_IFD_EXIF, camera_tags},
                           List{EXIF_IFD_GPS, position_tags}};

using DataPtr = std::unique_ptr<ExifData, decltype(&exif_data_unref)>;
using EntryPtr = std::unique_ptr<ExifEntry, decltype(&exif_entry_unref)>;
using MemPtr = std::unique_ptr<ExifMem, decltype(&exif_mem_unref)>;

DataPtr make_data() {
  DataPtr data(exif_data_new(), exif_data_unref);
  exif_data_unset_option(data.get(), EXIF_DATA_OPTION_FOLLOW_SPECIFICATION);  // adds entries
  return data;
}

bool may_stay(const ExifEntry& entry) {
  std::string_view bytes(reinterpret_cast<const char*>(entry.data), entry.size);
  switch (entry.format) {
    case EXIF_FORMAT_ASCII:
      return is_text(bytes.substr(0, bytes.find_last_not_of('\0') + 1));
    case EXIF_FORMAT_UNDEFINED: {
      if (entry.tag != EXIF_TAG_USER_COMMENT) return bytes.size() <= 4;
      constexpr std::string_view ascii("ASCII\0\0\0", 8), unknown("\0\0\0\0\0\0\0\0", 8);
      if (!bytes.starts_with(ascii) && !bytes.starts_with(unknown)) return false;
      return is_text(bytes.substr(8, bytes.find_last_not_of('\0') - 7));
    }
    default:
      return bytes.size() <= longest_number;
  }
}

void copy(const ExifEntry& from, ExifTag tag, ExifContent* to) {
  const MemPtr memory(exif_mem_new_default(), exif_mem_unref);
  const EntryPtr entry(exif_entry_new_mem(memory.get()), exif_entry_unref);
  entry->data = static_cast<unsigned char*>(exif_mem_alloc(memory.get(), from.size));
  if (!entry->data) return;
  std::memcpy(entry->data, from.data, from.size);
  entry->size = from.size;
  entry->tag = tag;
  entry->format = from.format;
  entry->components = from.components;
  exif_content_add_entry(to, entry.get());
}

// In a picture that is turned by a quarter, width and height change places.
ExifTag turned(ExifTag tag) {
  if (tag == EXIF_TAG_X_RESOLUTION) return EXIF_TAG_Y_RESOLUTION;
  if (tag == EXIF_TAG_Y_RESOLUTION) return EXIF_TAG_X_RESOLUTION;
  return tag;
}

}  // namespace

bool is_text(std::string_view bytes) {
  return !bytes.empty() && bytes.size() <= longest_text && std::ranges::none_of(bytes, [](char c) {
    return (c >= 0 && c < ' ' && c != '\n' && c != '\r' && c != '\t') || c == 0x7f;
  });
}

Exif kept_exif(std::string_view old) {
  std::string bytes(old.starts_with(header) ? "" : header);
  bytes += old;
  const DataPtr from = make_data(), to = make_data();
  exif_data_load_data(from.get(), reinterpret_cast<const unsigned char*>(bytes.data()),
                      static_cast<unsigned>(bytes.size()));
  const ExifByteOrder order = exif_data_get_byte_order(from.get());
  exif_data_set_byte_order(to.get(), order);

  Exif kept;
  ExifEntry* turn = exif_content_get_entry(from->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
  if (turn && turn->format == EXIF_FORMAT_SHORT && turn->components == 1 && turn->size >= 2) {
    const int orientation = exif_get_short(turn->data, order);
    if (orientation >= 1 && orientation <= 8) kept.orientation = orientation;
    exif_set_short(turn->data, order, 1);
  }
  bool any = false;
  for (const auto& [where, tags] : lists)
    for (const int number : tags) {
      const auto tag = static_cast<ExifTag>(number);
      const ExifEntry* entry = exif_content_get_entry(from->ifd[where], tag);
      if (!entry || !entry->data || entry->size == 0 || !may_stay(*entry)) continue;
      copy(*entry, where == EXIF_IFD_0 && kept.orientation > 4 ? turned(tag) : tag, to->ifd[where]);
      any = true;
    }
  if (!any) return kept;

  unsigned char* block = nullptr;
  unsigned size = 0;
  exif_data_save_data(to.get(), &block, &size);
  const std::unique_ptr<unsigned char, decltype(&std::free)> owned(block, std::free);
  if (block && size > header.size())
    kept.block.assign(reinterpret_cast<const char*>(block) + header.size(), size - header.size());
  return kept;
}

}  // namespace protect
