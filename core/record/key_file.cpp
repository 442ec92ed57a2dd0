// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record/key_file.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

#include "record/error.h"
#include "record/file.h"

namespace faceperturb {
namespace {

constexpr std::size_t key_bytes = 32;
constexpr std::size_t most_bytes = 256;  // of a key file: the digits, and white space

constexpr std::string_view remedy =
    "; a key file has 32 bytes, or 64 hexadecimal digits (faceperturb --new-key FILE makes one)";

// Wiped when it goes.
template <std::size_t size>
struct Wiped : std::array<std::uint8_t, size> {
  ~Wiped() { sodium_memzero(this->data(), size); }
};

[[noreturn]] void fail(const std::filesystem::path& file, std::string_view fault) {
  throw RecordError("'" + file.string() + "' " + std::string(fault));
}

}  // namespace

std::optional<Secret> parse_key(std::span<const std::uint8_t> content) {
  Wiped<key_bytes> key;
  if (content.size() == key_bytes) {
    std::ranges::copy(content, key.begin());
    return Secret(key);
  }
  const auto is_space = [](std::uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!content.empty() && is_space(content.front())) content = content.subspan(1);
  while (!content.empty() && is_space(content.back())) content = content.first(content.size() - 1);
  if (content.size() != 2 * key_bytes) return {};
  std::size_t length = 0;
  if (sodium_hex2bin(key.data(), key.size(), reinterpret_cast<const char*>(content.data()),
                     content.size(), nullptr, &length, nullptr) != 0 ||
      length != key_bytes)
    return {};
  return Secret(key);
}

Secret read_key_file(const std::filesystem::path& file) {
  const File in(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!in)
    fail(file, std::string("cannot be read: ") + std::strerror(errno) +
                   (errno == ENOENT ? "; faceperturb --new-key FILE makes one" : ""));
  struct stat status {};
  if (::fstat(in.descriptor(), &status) != 0)
    fail(file, std::string("cannot be read: ") + std::strerror(errno));
  if (S_ISDIR(status.st_mode)) fail(file, "is a directory, not a key file");
  if (!S_ISREG(status.st_mode)) fail(file, "is not a regular file");
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    fail(file, "can be read or written by others than its owner; chmod 600 '" + file.string() +
                   "', and make a new key if somebody may have read it");
  Wiped<most_bytes + 1> content;
  const auto length = read_up_to(in, content);
  if (!length) fail(file, std::string("cannot be read: ") + std::strerror(errno));
  const auto key =
      *length <= most_bytes ? parse_key(std::span(content).first(*length)) : std::nullopt;
  if (!key) {
    const std::string size = *length <= most_bytes ? std::to_string(*length) : "more than 256";
    fail(file, "holds no key: it has " + size + " bytes" + std::string(remedy));
  }
  return *key;
}

void write_key_file(const std::filesystem::path& file) {
  const Secret key = Secret::random();
  Wiped<2 * key_bytes + 1> digits;
  sodium_bin2hex(reinterpret_cast<char*>(digits.data()), digits.size(), key.bytes().data(),
                 key_bytes);
  digits.back() = '\n';
  File out(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!out && errno == EEXIST) fail(file, "exists already, and a key is never overwritten");
  if (!out) fail(file, std::string("cannot be made: ") + std::strerror(errno));
  if (!write_all(out, digits) || ::fsync(out.descriptor()) != 0) {
    const int error = errno;
    ::unlink(file.c_str());
    fail(file, std::string("cannot be written: ") + std::strerror(error));
  }
}

}  // namespace faceperturb
