// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include "record/sei.h"

namespace faceperturb {

/// Gives an element class a sink and a source pad for the streams into which a record goes: H.264
/// and H.265 in whole access units.
void add_access_unit_pads(GstElementClass* element_class);

/// How access units of these caps (fixed, of those pads) are written. Posts an error of
/// `element` and returns nothing where NAL units have lengths but no codec_data says of what size.
std::optional<NalFormat> nal_format(GstElement* element, const GstCaps* caps);

/// The bytes of a buffer, mapped for reading for as long as the object lives. The buffer must
/// outlive it.
class MappedBytes {
 public:
  explicit MappedBytes(GstBuffer* buffer) : buffer_(buffer) {
    is_mapped_ = gst_buffer_map(buffer, &map_, GST_MAP_READ);
  }
  ~MappedBytes() {
    if (is_mapped_) gst_buffer_unmap(buffer_, &map_);
  }
  MappedBytes(const MappedBytes&) = delete;
  MappedBytes& operator=(const MappedBytes&) = delete;

  explicit operator bool() const { return is_mapped_; }
  std::span<const std::uint8_t> bytes() const { return {map_.data, map_.size}; }

 private:
  GstBuffer* buffer_;
  GstMapInfo map_ = GST_MAP_INFO_INIT;
  bool is_mapped_;
};

}  // namespace faceperturb
