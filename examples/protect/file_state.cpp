// SPDX-License-Identifier: LGPL-2.1-or-later
#include "file_state.h"

#include <fcntl.h>
#include <glib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <vector>

#include "common/failure.h"

namespace protect {

std::optional<FileState> state_of(const std::filesystem::path& file) {
  struct stat status {};
  if (stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  return FileState{static_cast<std::uint64_t>(status.st_size),
                   std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
}

void flush(const std::filesystem::path& file) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  const bool flushed = descriptor >= 0 && fsync(descriptor) == 0;
  const int fault = errno;
  if (descriptor >= 0) close(descriptor);
  if (!flushed)
    throw examples::Failure("cannot write '" + file.string() + "': " + std::strerror(fault));
}

std::string sha256(const std::filesystem::path& file) {
  const std::unique_ptr<GChecksum, decltype(&g_checksum_free)> sum(
      g_checksum_new(G_CHECKSUM_SHA256), g_checksum_free);
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  std::vector<char> block(1 << 20);
  while (in) {
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    g_checksum_update(sum.get(), reinterpret_cast<const guchar*>(block.data()), in.gcount());
  }
  if (!in.eof())
    throw examples::Failure("cannot read '" + file.string() + "': " + std::strerror(errno));
  return g_checksum_get_string(sum.get());
}

}  // namespace protect
