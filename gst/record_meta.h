// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace faceperturb {

/// The record of one frame on its buffer: an opaque, already encrypted byte string that goes with
/// the frame through encoder and decoder. It is a GstVideoSEIUserDataUnregisteredMeta with the UUID
/// of record/sei.h, which is also what it becomes in an H.264 or H.265 stream; of other such
/// metadata nothing is read or changed.

/// Puts the record on a writable buffer, in place of one that it carries already: a frame has at
/// most one. A GstVideoFrame mapped from the buffer holds a reference to it: it is not writable
/// until that is unmapped. The bytes are copied. An empty record is none: GStreamer carries no
/// empty user data.
void attach_record(GstBuffer* buffer, std::span<const std::uint8_t> record);

/// A copy of the buffer's record, or nothing where it has none.
std::optional<std::vector<std::uint8_t>> attached_record(GstBuffer* buffer);

/// Takes the record off a writable buffer, if it has one.
void remove_record(GstBuffer* buffer);

}  // namespace faceperturb
