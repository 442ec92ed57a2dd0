// SPDX-License-Identifier: LGPL-2.1-or-later
// Access units of any kind: the first byte says how they are written.
#include "record/sei.h"

#include <algorithm>

using namespace faceperturb;

namespace {

void check(bool holds) {
  if (!holds) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const NalFormat format{data[0] & 1 ? VideoCodec::h265 : VideoCodec::h264, (data[0] >> 1) % 5};
  // A copy, so that AddressSanitizer sees what is read beyond it.
  std::vector<std::uint8_t> access_unit(data + 1, data + size);
  nal_length_size(format.codec, access_unit);
  const auto present = record_in(format, access_unit);
  if (present) check(!present->empty() && present->size() < access_unit.size());

  const std::vector<std::uint8_t> record(
      access_unit.begin(), access_unit.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(
                                                     access_unit.size(), 300)));
  try {
    const auto inserted = insertion_of_record(format, access_unit, record);
    check(inserted.position <= access_unit.size());
    access_unit.insert(access_unit.begin() + static_cast<std::ptrdiff_t>(inserted.position),
                       inserted.bytes.begin(), inserted.bytes.end());
    check(record_in(format, access_unit) == (present ? *present : record));
  } catch (const SeiError&) {
  }
  return 0;
}
