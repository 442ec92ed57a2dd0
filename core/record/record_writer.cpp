// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>

#include "record/record_file.h"
#include "record/record_layout.h"

namespace faceperturb {

using namespace record_layout;

namespace {

[[noreturn]] void fail(const std::filesystem::path& file, const char* what, int error) {
  throw RecordError("'" + file.string() + "' " + what + ": " + std::strerror(error));
}

// Where the last whole message ends, of the file's `size` bytes: a crash may have left a part of
// one.
std::uint64_t whole(const File& file, std::uint64_t size) {
  std::array<std::uint8_t, magic.size()> begin{};
  const auto read = [&](std::uint64_t at, std::size_t count) {
    return ::pread(file.descriptor(), begin.data(), count, static_cast<off_t>(at)) ==
           static_cast<ssize_t>(count);
  };
  std::uint64_t at = 0;
  while (size - at > length_bytes && read(at, length_bytes)) {
    const bool head = size - at >= head_bytes && read(at, magic.size()) &&
                      std::memcmp(begin.data(), magic.data(), magic.size()) == 0;
    const std::uint64_t length =
        head ? head_bytes : length_bytes + ByteReader(begin).fixed<std::uint32_t>();
    if (length > size - at) break;
    at += length;
  }
  return at;
}

}  // namespace

// Has what was written on the disk within a second, without making the streaming thread wait.
class RecordWriter::Syncer {
 public:
  ~Syncer() {
    {
      const std::lock_guard lock(mutex_);
      quit_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  /// Returns the error of a disk that did not take what it was given, or 0.
  int wrote(const std::shared_ptr<File>& file) {
    const std::lock_guard lock(mutex_);
    dirty_ = file;
    return error_;
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    while (!quit_) {
      changed_.wait_for(lock, std::chrono::seconds(1), [&] { return quit_; });
      const auto file = std::exchange(dirty_, nullptr);
      lock.unlock();
      const int error = file && ::fdatasync(file->descriptor()) != 0 ? errno : 0;
      lock.lock();
      if (error != 0 && error != EINVAL) error_ = error;  // EINVAL: a pipe, or /dev/full
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<File> dirty_;
  int error_ = 0;
  bool quit_ = false;
  std::thread thread_{[this] { work(); }};
};

RecordWriter::RecordWriter(const std::string& location, std::uint64_t most_bytes)
    : location_(location), most_bytes_(most_bytes), syncer_(std::make_unique<Syncer>()) {
  if (most_bytes_ > 0 && !location_.has_parts())
    throw RecordError("'" + location +
                      "' needs a %05d for the number of the part, for the record "
                      "is to have parts");
  open();
}

RecordWriter::~RecordWriter() {
  try {
    end();
  } catch (
      const RecordError&) {  // what is whole can be read; the reader says that the end is missing
  }
}

// The next file to write to.
void RecordWriter::open() {
  struct stat status {};
  if (location_.has_parts())
    while (::lstat(location_.part(part_).c_str(), &status) == 0) ++part_;
  path_ = location_.part(part_);
  file_ = std::make_shared<File>(
      ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND, S_IRUSR | S_IWUSR));
  if (!*file_ || ::fstat(file_->descriptor(), &status) != 0)
    fail(path_, "cannot be written", errno);
  if (S_ISDIR(status.st_mode)) fail(path_, "cannot be written", EISDIR);
  if (::flock(file_->descriptor(), LOCK_EX | LOCK_NB) != 0)
    throw RecordError("'" + path_.string() + "' is being written already, by another element");
  size_ = static_cast<std::uint64_t>(status.st_size);
  if (size_ == 0) return;
  std::array<std::uint8_t, magic.size()> begin{};
  if (::pread(file_->descriptor(), begin.data(), begin.size(), 0) !=
          static_cast<ssize_t>(begin.size()) ||
      std::memcmp(begin.data(), magic.data(), magic.size()) != 0)
    throw RecordError("'" + path_.string() + "' exists and is no record: it is left alone");
  size_ = whole(*file_, size_);
  if (::ftruncate(file_->descriptor(), static_cast<off_t>(size_)) != 0)
    fail(path_, "cannot be written", errno);
}

void RecordWriter::put(std::span<const std::uint8_t> bytes) {
  const int late = syncer_->wrote(file_);
  if (late != 0) fail(path_, "cannot be written to the disk", late);
  if (!write_all(*file_, bytes)) {
    const int error = errno;
    // Nothing can be done if that fails too: the reader knows half a message when it sees one.
    [[maybe_unused]] const int ignored =
        ::ftruncate(file_->descriptor(), static_cast<off_t>(size_));
    fail(path_, "cannot be written (it is whole up to the frame before)", error);
  }
  size_ += bytes.size();
  bytes_ += bytes.size();
}

void RecordWriter::begin(const KeySchedule& keys) {
  end();
  keys_ = std::make_unique<KeySchedule>(keys);
  segment_part_ = 0;
  begin_segment();
}

void RecordWriter::begin_segment() {
  std::array<std::uint8_t, crypto_secretstream_xchacha20poly1305_HEADERBYTES> header;
  crypto_secretstream_xchacha20poly1305_init_push(&state_, header.data(),
                                                  keys_->record().bytes().data());
  head_.clear();
  ByteWriter out(head_);
  out.bytes({reinterpret_cast<const std::uint8_t*>(magic.data()), magic.size()});
  out.fixed(version);
  out.bytes(keys_->id());
  out.bytes(keys_->check());
  out.fixed(segment_part_++);
  out.bytes(header);
  put(head_);
}

void RecordWriter::message(std::span<const std::uint8_t> content, unsigned char tag) {
  const std::size_t length = content.size() + overhead;
  if (length > longest_message) throw RecordError("the record of one frame is too long");
  buffer_.clear();
  ByteWriter(buffer_).fixed(static_cast<std::uint32_t>(length));
  buffer_.resize(length_bytes + length);
  crypto_secretstream_xchacha20poly1305_push(&state_, buffer_.data() + length_bytes, nullptr,
                                             content.data(), content.size(), head_.data(),
                                             head_.size(), tag);
  head_.clear();
  put(buffer_);
}

void RecordWriter::append(std::span<const std::uint8_t> record) {
  if (most_bytes_ > 0 && size_ > 0 && size_ + record.size() > most_bytes_ && head_.empty()) {
    message(std::array{goes_on}, crypto_secretstream_xchacha20poly1305_TAG_FINAL);
    open();
    begin_segment();
  }
  message(record, crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
}

void RecordWriter::end() {
  if (!keys_) return;
  keys_.reset();
  message(std::array{ends}, crypto_secretstream_xchacha20poly1305_TAG_FINAL);
  sodium_memzero(&state_, sizeof state_);
}

}  // namespace faceperturb
