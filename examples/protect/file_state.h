// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace protect {

/// What tells at a glance whether a file is as it was.
struct FileState {
  std::uint64_t bytes = 0;
  std::int64_t time = 0;  ///< when it was last written, ns since 1970
  bool operator==(const FileState&) const = default;
};

/// Nothing where there is no such file.
std::optional<FileState> state_of(const std::filesystem::path& file);

/// Puts what was written to it on the disk; throws a Failure.
void flush(const std::filesystem::path& file);

/// Its SHA-256 in hexadecimal digits. Throws a Failure where it cannot be read.
std::string sha256(const std::filesystem::path& file);

}  // namespace protect
