// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "record/record_file.h"
#include "record/record_layout.h"

namespace faceperturb {

using namespace record_layout;

namespace {

constexpr std::size_t stride = 32;  // messages from one kept state to the next

std::size_t read_at(const File& file, std::uint64_t offset, std::span<std::uint8_t> bytes) {
  std::size_t count = 0;
  while (count < bytes.size()) {
    const auto got = ::pread(file.descriptor(), bytes.data() + count, bytes.size() - count,
                             static_cast<off_t>(offset + count));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    count += static_cast<std::size_t>(got);
  }
  return count;
}

bool is_magic(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

// Whether nothing but zeros follows: blocks that a disk was to get when the power failed.
bool only_zeros(const File& file, std::uint64_t offset) {
  std::array<std::uint8_t, 4096> block;
  for (;; offset += block.size()) {
    const std::size_t count = read_at(file, offset, block);
    if (std::ranges::any_of(std::span(block).first(count), [](std::uint8_t b) { return b != 0; }))
      return false;
    if (count < block.size()) return true;
  }
}

std::string frames(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " frame" : " frames");
}

}  // namespace

RecordReader::RecordReader(const std::string& location, const Secret& master) {
  const RecordLocation names(location);
  look_through(names.part(0), master);
  for (unsigned number = 1; names.has_parts(); ++number) {
    std::error_code unknown;
    if (!std::filesystem::exists(names.part(number), unknown)) break;
    look_through(names.part(number), master);
  }
  if (goes_on_) gaps_.push_back("the part after '" + segments_.back().name + "' is missing");
  if (segments_.empty() && foreign_ > 0)
    throw RecordError("'" + location + "' was made with another key");
  if (foreign_ > 0)
    gaps_.push_back(std::to_string(foreign_) + " of its streams were made with another key");
}

void RecordReader::look_through(const std::filesystem::path& path, const Secret& master) {
  const std::string name = path.string();
  const auto file = std::make_shared<File>(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!*file || ::fstat(file->descriptor(), &status) != 0)
    throw RecordError("'" + name + "' cannot be read: " + std::strerror(errno));
  if (!S_ISREG(status.st_mode)) throw RecordError("'" + name + "' is not a regular file");
  const auto size = static_cast<std::uint64_t>(status.st_size);

  std::array<std::uint8_t, head_bytes> head;
  bool ours = false, open = false;  // the segment's key; its end has not come
  crypto_secretstream_xchacha20poly1305_state state{};
  std::uint64_t in_segment = 0;  // messages
  const auto ends_early = [&] {
    if (open && ours)
      gaps_.push_back("'" + name + "' has no end: it is whole up to the " +
                      frames(entries_.size() - segments_.back().first) +
                      " that it has of its last stream, what came after is lost");
    open = false;
  };
  const auto damaged = [&](std::uint64_t at) {
    throw RecordError("'" + name + "' was changed or damaged at byte " + std::to_string(at) +
                      ", after " + frames(entries_.size()));
  };

  std::uint64_t at = 0;
  while (at < size) {
    const auto begin = std::span(head).first(read_at(*file, at, head));
    if (is_magic(begin)) {
      ends_early();
      if (begin.size() < head.size()) break;
      ByteReader in(begin.subspan(magic.size()));
      if (const auto found = in.fixed<std::uint16_t>(); found != version)
        throw RecordError("'" + name + "' has version " + std::to_string(found) +
                          ", and only version 1 is known here");
      const auto id = in.array<std::tuple_size_v<StreamId>>();
      const KeySchedule keys(master, id);
      ours = std::ranges::equal(in.bytes(keys.check().size()), keys.check());
      open = true;
      in_segment = 0;
      const auto part = in.fixed<std::uint32_t>();
      if (ours) {
        const bool follows = goes_on_ && segments_.back().keys.id() == id;
        if (part > 0 && !follows) gaps_.push_back("the part before '" + name + "' is missing");
        goes_on_ = false;
        if (crypto_secretstream_xchacha20poly1305_init_pull(&state, in.rest().data(),
                                                            keys.record().bytes().data()) != 0)
          damaged(at);
        segments_.push_back({keys, file, name, entries_.size(), {}});
      } else {
        ++foreign_;
      }
      at += head_bytes;
      continue;
    }
    if (at == 0) throw RecordError("'" + name + "' is no record of faceperturb");
    if (begin.size() < length_bytes) break;  // half a length
    const auto length = ByteReader(begin).fixed<std::uint32_t>();
    if (!open || length < overhead || length > longest_message) {
      if (!only_zeros(*file, at)) damaged(at);
      break;
    }
    if (length > size - at - length_bytes) break;  // half a message
    if (ours) {
      Segment& segment = segments_.back();
      if (in_segment % stride == 0) segment.states.push_back(state);
      const Bytes sealed = message(segment, at);
      Bytes content(length - overhead);
      unsigned char tag = 0;
      const auto with = in_segment == 0 ? std::span(head) : std::span<std::uint8_t>();
      if (in_segment == 0) read_at(*file, at - head_bytes, head);
      if (crypto_secretstream_xchacha20poly1305_pull(&state, content.data(), nullptr, &tag,
                                                     sealed.data(), sealed.size(), with.data(),
                                                     with.size()) != 0) {
        // Written in part, and a disk's empty blocks behind it: the power failed.
        const std::uint64_t end = at + length_bytes + length;
        if (end < size && only_zeros(*file, end)) break;
        damaged(at);
      }
      if (tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL) {
        open = false;
        goes_on_ = !content.empty() && content.front() == goes_on;
      } else {
        const FrameRecord record = read_frame_record(content);
        entries_.push_back({record.counter, record.time, !record.faces.empty(), record.overview,
                            static_cast<std::uint32_t>(segments_.size() - 1), at});
      }
    }
    ++in_segment;
    at += length_bytes + length;
  }
  if (size == 0) throw RecordError("'" + name + "' is empty: it is no record of faceperturb");
  ends_early();
}

// The ciphertext of the message at `offset`.
Bytes RecordReader::message(const Segment& segment, std::uint64_t offset) const {
  std::array<std::uint8_t, length_bytes> length_at;
  std::uint32_t length = 0;
  if (read_at(*segment.file, offset, length_at) == length_at.size())
    length = ByteReader(length_at).fixed<std::uint32_t>();
  if (length >= overhead && length <= longest_message) {
    Bytes sealed(length);
    if (read_at(*segment.file, offset + length_bytes, sealed) == sealed.size()) return sealed;
  }
  throw RecordError("'" + segment.name + "' was changed while it was read");
}

FrameRecord RecordReader::read(std::size_t entry) {
  const Segment& segment = segments_[entries_[entry].segment];
  std::size_t from = next_;
  if (from > entry || from <= segment.first || entry - from >= stride) {
    from = segment.first + (entry - segment.first) / stride * stride;
    state_ = segment.states[(from - segment.first) / stride];
  }
  for (;; ++from) {
    const std::uint64_t offset = entries_[from].offset;
    const Bytes sealed = message(segment, offset);
    Bytes content(sealed.size() - overhead), head;
    if (from == segment.first) {
      head.resize(head_bytes);
      read_at(*segment.file, offset - head_bytes, head);
    }
    unsigned char tag = 0;
    if (crypto_secretstream_xchacha20poly1305_pull(&state_, content.data(), nullptr, &tag,
                                                   sealed.data(), sealed.size(), head.data(),
                                                   head.size()) != 0) {
      next_ = SIZE_MAX;
      throw RecordError("'" + segment.name + "' was changed while it was read");
    }
    next_ = from + 1;
    if (from == entry) return read_frame_record(content);
  }
}

}  // namespace faceperturb
