// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>

namespace faceperturb {

/// What says that user data in a video stream is a record of ours: drawn at random (RFC 4122,
/// version 4), b828e129-8ed2-4c75-a186-520528c5528f.
inline constexpr std::array<std::uint8_t, 16> record_uuid = {
    0xb8, 0x28, 0xe1, 0x29, 0x8e, 0xd2, 0x4c, 0x75, 0xa1, 0x86, 0x52, 0x05, 0x28, 0xc5, 0x52, 0x8f};

}  // namespace faceperturb
