// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

#include "perturb/random.h"

namespace faceperturb {

/// The key that a key file's content stands for: 32 bytes, or 64 hexadecimal digits and nothing
/// else but white space around them. Nothing where it is neither.
std::optional<Secret> parse_key(std::span<const std::uint8_t> content);

/// Reads a key file: a regular file that none but its owner may read or write. Throws RecordError,
/// which names the file, the fault and the remedy.
Secret read_key_file(const std::filesystem::path& file);

/// Makes a random key and writes it, as 64 digits and a line's end, to a new file that only its
/// owner may read. Throws RecordError; a file that exists is left alone.
void write_key_file(const std::filesystem::path& file);

}  // namespace faceperturb
