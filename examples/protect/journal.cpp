// SPDX-License-Identifier: LGPL-2.1-or-later
#include "journal.h"

#include <fcntl.h>
#include <glib.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <nlohmann/json.hpp>
#include <thread>

#include "common/failure.h"
#include "common/gst_ptr.h"
#include "common/interrupt.h"

namespace protect {

using examples::Ptr;
using nlohmann::json;

namespace {

// No file is so long. Each name has a byte behind it; that two names share one does no harm but
// that they wait for each other.
constexpr std::int64_t lines_lock = std::int64_t{1} << 61;
constexpr std::int64_t first_claim = std::int64_t{1} << 62;

std::int64_t byte_of(const std::string& name) {
  const Ptr<gchar> digits(g_compute_checksum_for_string(G_CHECKSUM_SHA256, name.data(),
                                                        static_cast<gssize>(name.size())));
  return first_claim + std::stoll(std::string(digits.get(), 15), nullptr, 16);
}

}  // namespace

Journal::Journal(std::filesystem::path file) : path_(std::move(file)) {
  file_ = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file_ < 0) fail(errno);
}

Journal::~Journal() { close(file_); }

void Journal::fail(int fault) const {
  std::string text = "'";
  text += path_.string() + "': " + std::strerror(fault);
  if (fault == ENOLCK || fault == ENOSYS || fault == EOPNOTSUPP || fault == EINVAL)
    text +=
        ": --manifest needs a file system that has locks for all its machines (local disks, NFS 4, "
        "CephFS, Lustre mounted with flock)";
  throw examples::Failure(text);
}

bool Journal::lock(short type, std::int64_t byte, bool wait) const {
  struct flock region {};
  region.l_type = type;
  region.l_whence = SEEK_SET;
  region.l_start = byte;
  region.l_len = 1;
  while (fcntl(file_, wait ? F_OFD_SETLKW : F_OFD_SETLK, &region) != 0) {
    if (errno == EAGAIN || errno == EACCES) return false;
    if (errno != EINTR) fail(errno);
  }
  return true;
}

bool Journal::claim(const std::string& name) { return lock(F_WRLCK, byte_of(name), false); }

bool Journal::wait_for(const std::string& name) {
  while (!claim(name)) {
    if (examples::interrupt()) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  return true;
}

void Journal::release(const std::string& name) { lock(F_UNLCK, byte_of(name), false); }

void Journal::append(const std::vector<json>& lines) {
  std::string text;
  for (const json& line : lines) text += line.dump() + '\n';
  lock(F_WRLCK, lines_lock, true);
  int fault = 0;
  auto end = lseek(file_, 0, SEEK_END);
  char last = '\n';
  // A writer that died in the middle of a line left it without an end.
  if (end > 0 && pread(file_, &last, 1, end - 1) == 1 && last != '\n') text.insert(0, 1, '\n');
  for (std::size_t written = 0; written < text.size() && !fault;) {
    const auto more = pwrite(file_, text.data() + written, text.size() - written, end);
    if (more < 0 && errno != EINTR) fault = errno;
    if (more > 0) written += static_cast<std::size_t>(more), end += more;
  }
  if (!fault && fdatasync(file_) != 0) fault = errno;
  lock(F_UNLCK, lines_lock, false);
  if (fault) fail(fault);
}

void Journal::news(const std::function<void(const json& line, std::int64_t place)>& visit) {
  lock(F_RDLCK, lines_lock, true);  // on NFS this also asks for what others wrote
  std::string text;
  std::string block(1 << 20, '\0');
  int fault = 0;
  for (ssize_t count = 1; count != 0;) {
    count =
        pread(file_, block.data(), block.size(), read_ + static_cast<std::int64_t>(text.size()));
    if (count < 0 && errno != EINTR) {
      fault = errno;
      break;
    }
    if (count <= 0) continue;
    text.append(block, 0, static_cast<std::size_t>(count));
    std::size_t begin = 0;
    for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
      const json line =
          json::parse(text.begin() + static_cast<std::ptrdiff_t>(begin),
                      text.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
      if (line.is_object()) visit(line, read_ + static_cast<std::int64_t>(begin));
    }
    text.erase(0, begin);
    read_ += static_cast<std::int64_t>(begin);
  }
  lock(F_UNLCK, lines_lock, false);
  if (fault) fail(fault);
}

json Journal::at(std::int64_t place) const {
  std::string text;
  char block[4096];
  for (std::int64_t at = place; text.find('\n') == std::string::npos;) {
    const auto count = pread(file_, block, sizeof block, at);
    if (count <= 0) fail(count < 0 ? errno : EIO);
    text.append(block, static_cast<std::size_t>(count));
    at += count;
  }
  return json::parse(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(text.find('\n')));
}

}  // namespace protect
