// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <vector>

namespace faceperturb {

// The record of a frame inside an H.264 or H.265 stream: one supplemental enhancement information
// message "user data unregistered" (ITU-T H.264 and H.265, D.1.7 and D.2.7: payload type 5) in a
// NAL unit of its own before the picture's first slice. Decoders that do not know it skip it.

/// What says that user data is a record of ours: drawn at random (RFC 4122, version 4),
/// b828e129-8ed2-4c75-a186-520528c5528f.
inline constexpr std::array<std::uint8_t, 16> record_uuid = {
    0xb8, 0x28, 0xe1, 0x29, 0x8e, 0xd2, 0x4c, 0x75, 0xa1, 0x86, 0x52, 0x05, 0x28, 0xc5, 0x52, 0x8f};

/// The longest record that is put into a stream, in bytes.
inline constexpr std::size_t max_record_size = std::size_t{1} << 20;

enum class VideoCodec { h264, h265 };

/// How the access units of a stream are written.
struct NalFormat {
  VideoCodec codec = VideoCodec::h264;
  /// Bytes of the length before each NAL unit, 1..4; 0: start codes instead (Annex B).
  int length_size = 0;
};

/// The length size that a decoder configuration record says (ISO/IEC 14496-15, 5.3.3.1 and
/// 8.3.3.1: avcC, hvcC; GStreamer's codec_data), 1..4; nothing where it is too short to say it.
std::optional<int> nal_length_size(VideoCodec codec, std::span<const std::uint8_t> configuration);

/// A record cannot be put into an access unit; what() says why.
class SeiError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Bytes to be put into an access unit.
struct Insertion {
  std::size_t position;  // of the byte before which they go
  std::vector<std::uint8_t> bytes;
};

/// What carries `record` in this access unit: a NAL unit with its length or start code. Throws
/// SeiError where the record is empty, longer than max_record_size or than the length before a NAL
/// unit can say, or where no slice is found in the access unit.
Insertion insertion_of_record(const NalFormat& format, std::span<const std::uint8_t> access_unit,
                              std::span<const std::uint8_t> record);

/// The record in an access unit: the first, should it have more. Nothing where it has none before
/// its first slice. The access unit may be any bytes at all; no more than it holds is read or
/// returned.
std::optional<std::vector<std::uint8_t>> record_in(const NalFormat& format,
                                                   std::span<const std::uint8_t> access_unit);

}  // namespace faceperturb
