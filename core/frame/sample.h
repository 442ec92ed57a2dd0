// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "frame/format.h"

namespace faceperturb {

/// Reads and writes the samples of a format as numbers from 0 to 1; what is beyond is written as 0
/// or 1. Bits that the format does not have are not read.
class SampleCodec {
 public:
  explicit SampleCodec(const FormatInfo& format)
      : wide_(format.sample_bytes == 2), shift_(format.sample_shift), max_(format.sample_max()) {}

  float read(const std::uint8_t* in) const {
    const int bytes = wide_ ? in[0] | in[1] << 8 : in[0];
    return static_cast<float>(bytes >> shift_ & max_) / static_cast<float>(max_);
  }

  void write(std::uint8_t* out, float value) const {
    const int bytes =
        static_cast<int>(std::lround(std::clamp(value, 0.F, 1.F) * static_cast<float>(max_)))
        << shift_;
    out[0] = static_cast<std::uint8_t>(bytes);
    if (wide_) out[1] = static_cast<std::uint8_t>(bytes >> 8);
  }

 private:
  bool wide_;
  int shift_;
  int max_;
};

}  // namespace faceperturb
