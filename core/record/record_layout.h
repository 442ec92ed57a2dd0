// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

// What the writer and the reader of a record's file agree on; see record_file.h.

#include <sodium.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace faceperturb::record_layout {

constexpr std::string_view magic = "fprecord";
constexpr std::uint16_t version = 1;
constexpr std::size_t length_bytes = 4;
constexpr std::size_t head_bytes =
    8 + 2 + 16 + 16 + 4 + crypto_secretstream_xchacha20poly1305_HEADERBYTES;
constexpr std::size_t overhead = crypto_secretstream_xchacha20poly1305_ABYTES;
constexpr std::uint32_t longest_message = 1U << 26;

// Content of the last message.
constexpr std::uint8_t ends = 0, goes_on = 1;

}  // namespace faceperturb::record_layout
