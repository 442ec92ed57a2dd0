// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record/sei.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace faceperturb {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint8_t user_data_unregistered = 5;
constexpr std::uint8_t stop_bit = 0x80;  // ends every RBSP

// A NAL unit in an access unit: its header and what follows, without length or start code.
struct Nal {
  std::size_t position;  // of the length or start code
  Bytes bytes;
};

// The NAL units of an access unit, one after the other. What cannot be read ends them.
class NalReader {
 public:
  NalReader(const NalFormat& format, Bytes data)
      : length_size_(static_cast<std::size_t>(format.length_size)),
        data_(data),
        next_(length_size_ ? 0 : start_code(0)) {}

  std::optional<Nal> next() { return length_size_ ? next_by_length() : next_by_start_code(); }

 private:
  std::optional<Nal> next_by_length() {
    if (data_.size() - next_ < length_size_) return std::nullopt;
    const std::size_t position = next_;
    std::size_t length = 0;
    for (const std::uint8_t byte : data_.subspan(position, length_size_))
      length = length << 8 | byte;
    const Bytes rest = data_.subspan(position + length_size_);
    if (length > rest.size()) return std::nullopt;
    next_ = position + length_size_ + length;
    return Nal{position, rest.first(length)};
  }

  std::optional<Nal> next_by_start_code() {
    if (next_ == data_.size()) return std::nullopt;
    const std::size_t first = next_ + 3;
    // A fourth zero byte belongs to the start code too.
    const std::size_t position = next_ > 0 && data_[next_ - 1] == 0 ? next_ - 1 : next_;
    next_ = start_code(first);
    // No NAL unit ends with a zero: those belong to the next start code, or to nobody.
    std::size_t end = next_;
    while (end > first && data_[end - 1] == 0) --end;
    return Nal{position, data_.subspan(first, end - first)};
  }

  // Where the next 00 00 01 is; the end where there is none.
  std::size_t start_code(std::size_t from) const {
    using namespace std::string_view_literals;
    const std::string_view text(reinterpret_cast<const char*>(data_.data()), data_.size());
    return std::min(text.find("\0\0\1"sv, from), text.size());
  }

  std::size_t length_size_;
  Bytes data_;
  std::size_t next_;
};

// What a NAL unit is, as far as it matters here. Headers: H.264 7.3.1, H.265 7.3.1.2.
enum class Kind { slice, sei, other };

std::size_t header_size(VideoCodec codec) { return codec == VideoCodec::h264 ? 1 : 2; }

Kind kind_of(VideoCodec codec, Bytes nal) {
  if (nal.size() < header_size(codec)) return Kind::other;
  if (codec == VideoCodec::h265) {
    const int type = nal[0] >> 1 & 0x3f;
    return type < 32 ? Kind::slice : type == 39 ? Kind::sei : Kind::other;  // 39: prefix SEI
  }
  const int type = nal[0] & 0x1f;
  // 14 is the prefix of the slice that follows, 20 and 21 are slices of extensions.
  if ((type >= 1 && type <= 5) || type == 14 || type == 20 || type == 21) return Kind::slice;
  return type == 6 ? Kind::sei : Kind::other;
}

// A byte 3 after two zeros was put there against start codes (H.264 and H.265, 7.4.1).
std::vector<std::uint8_t> without_emulation_prevention(Bytes payload) {
  std::vector<std::uint8_t> plain;
  plain.reserve(payload.size());
  int zeros = 0;
  for (const std::uint8_t byte : payload) {
    if (zeros >= 2 && byte == 3) {
      zeros = 0;
      continue;
    }
    plain.push_back(byte);
    zeros = byte == 0 ? zeros + 1 : 0;
  }
  return plain;
}

void append_with_emulation_prevention(std::vector<std::uint8_t>& nal, Bytes payload) {
  int zeros = 0;
  for (const std::uint8_t byte : payload) {
    if (zeros >= 2 && byte <= 3) {
      nal.push_back(3);
      zeros = 0;
    }
    nal.push_back(byte);
    zeros = byte == 0 ? zeros + 1 : 0;
  }
}

// A type or size of an SEI message: as many 255 as it holds and the rest (H.264 7.3.2.3.1).
// Nothing where the data ends first.
std::optional<std::size_t> take_number(Bytes& data) {
  std::size_t number = 0;
  while (!data.empty()) {
    const std::uint8_t byte = data.front();
    data = data.subspan(1);
    number += byte;
    if (byte != 255) return number;
  }
  return std::nullopt;
}

std::optional<std::vector<std::uint8_t>> record_in_sei(Bytes messages) {
  while (true) {
    const auto type = take_number(messages), size = take_number(messages);
    if (!type || !size || *size > messages.size()) return std::nullopt;
    const Bytes payload = messages.first(*size);
    messages = messages.subspan(*size);
    if (*type != user_data_unregistered || payload.size() <= record_uuid.size() ||
        !std::ranges::equal(payload.first(record_uuid.size()), record_uuid))
      continue;
    const Bytes record = payload.subspan(record_uuid.size());
    return std::vector(record.begin(), record.end());
  }
}

std::vector<std::uint8_t> sei_nal(VideoCodec codec, Bytes slice, Bytes record) {
  std::vector<std::uint8_t> nal;
  nal.reserve(record.size() + record.size() / 64 + 64);
  if (codec == VideoCodec::h264)
    nal = {6};
  else  // of the access unit's temporal layer, as H.265 7.4.2.2 wants it
    nal = {39 << 1, static_cast<std::uint8_t>(slice[1] & 7)};

  std::vector<std::uint8_t> message = {user_data_unregistered};
  std::size_t size = record_uuid.size() + record.size();
  message.insert(message.end(), size / 255, 255);
  message.push_back(static_cast<std::uint8_t>(size % 255));
  message.insert(message.end(), record_uuid.begin(), record_uuid.end());
  message.insert(message.end(), record.begin(), record.end());
  message.push_back(stop_bit);
  append_with_emulation_prevention(nal, message);
  return nal;
}

}  // namespace

std::optional<int> nal_length_size(VideoCodec codec, Bytes configuration) {
  const std::size_t position = codec == VideoCodec::h264 ? 4 : 21;
  if (configuration.size() <= position) return std::nullopt;
  return (configuration[position] & 3) + 1;
}

Insertion insertion_of_record(const NalFormat& format, Bytes access_unit, Bytes record) {
  if (record.empty()) throw SeiError("a record has no bytes");
  if (record.size() > max_record_size)
    throw SeiError("a record has " + std::to_string(record.size()) + " bytes, more than the " +
                   std::to_string(max_record_size) + " that go into a stream");
  NalReader reader(format, access_unit);
  auto nal = reader.next();
  while (nal && kind_of(format.codec, nal->bytes) != Kind::slice) nal = reader.next();
  if (!nal) throw SeiError("an access unit has no slice before which its record could go");

  const auto sei = sei_nal(format.codec, nal->bytes, record);
  std::vector<std::uint8_t> bytes;
  if (format.length_size == 0) {
    bytes = {0, 0, 0, 1};
  } else {
    const int bits = 8 * format.length_size;
    if (std::uint64_t{sei.size()} >> bits != 0)
      throw SeiError("a record of " + std::to_string(record.size()) +
                     " bytes does not fit a NAL unit whose length has " + std::to_string(bits) +
                     " bits");
    for (int shift = bits - 8; shift >= 0; shift -= 8)
      bytes.push_back(static_cast<std::uint8_t>(sei.size() >> shift));
  }
  bytes.insert(bytes.end(), sei.begin(), sei.end());
  return {nal->position, std::move(bytes)};
}

std::optional<std::vector<std::uint8_t>> record_in(const NalFormat& format, Bytes access_unit) {
  NalReader reader(format, access_unit);
  while (const auto nal = reader.next()) {
    const Kind kind = kind_of(format.codec, nal->bytes);
    if (kind == Kind::slice) break;
    if (kind != Kind::sei) continue;
    const auto messages =
        without_emulation_prevention(nal->bytes.subspan(header_size(format.codec)));
    if (auto record = record_in_sei(messages)) return record;
  }
  return std::nullopt;
}

}  // namespace faceperturb
