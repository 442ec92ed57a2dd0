// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "record/error.h"

namespace faceperturb {

using Bytes = std::vector<std::uint8_t>;

/// Puts numbers behind one another: fixed ones little endian, others as LEB128 (7 bits a byte,
/// least first, the highest bit: more follow).
class ByteWriter {
 public:
  explicit ByteWriter(Bytes& out) : out_(out) {}

  template <std::unsigned_integral T>
  void fixed(T value) {
    for (std::size_t i = 0; i < sizeof value; ++i)
      out_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<std::uint8_t>(value | 0x80));
    out_.push_back(static_cast<std::uint8_t>(value));
  }
  void bytes(std::span<const std::uint8_t> bytes) {
    const std::size_t before = out_.size();
    out_.resize(before + bytes.size());  // GCC 12 takes insert() for an overflow
    std::ranges::copy(bytes, out_.begin() + static_cast<std::ptrdiff_t>(before));
  }

 private:
  Bytes& out_;
};

/// The other direction. What is not there throws RecordError.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::uint8_t> in) : in_(in) {}

  template <std::unsigned_integral T>
  T fixed() {
    T value = 0;
    const auto b = bytes(sizeof value);
    for (std::size_t i = 0; i < sizeof value; ++i)
      value = static_cast<T>(value | static_cast<T>(T{b[i]} << (8 * i)));
    return value;
  }
  /// At most `most`.
  std::uint64_t number(std::uint64_t most = UINT64_MAX) {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const std::uint64_t byte = fixed<std::uint8_t>();
      if (shift > 63 || (shift == 63 && byte > 1)) throw RecordError("a number is too long");
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    if (value > most) throw RecordError("a number is out of range");
    return value;
  }
  std::span<const std::uint8_t> bytes(std::size_t count) {
    if (count > in_.size()) throw RecordError("it ends early");
    const auto result = in_.first(count);
    in_ = in_.subspan(count);
    return result;
  }
  template <std::size_t count>
  std::array<std::uint8_t, count> array() {
    std::array<std::uint8_t, count> result;
    std::ranges::copy(bytes(count), result.begin());
    return result;
  }
  std::span<const std::uint8_t> rest() { return bytes(in_.size()); }
  bool empty() const { return in_.empty(); }

 private:
  std::span<const std::uint8_t> in_;
};

}  // namespace faceperturb
