// SPDX-License-Identifier: LGPL-2.1-or-later
// A record's file, read with the key 00 01 02 ... 1f, which the inputs to start from were made
// with.
#include <sys/mman.h>

#include <numeric>
#include <string>

#include "record/record_file.h"

using namespace faceperturb;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::array<std::uint8_t, 32> key;
  std::iota(key.begin(), key.end(), std::uint8_t{0});
  const File file(::memfd_create("record", MFD_CLOEXEC));
  if (!file || !write_all(file, {data, size})) __builtin_trap();
  try {
    RecordReader reader("/proc/self/fd/" + std::to_string(file.descriptor()), Secret(key));
    for (std::size_t i = reader.entries().size(); i-- > 0;)
      if (reader.read(i).counter != reader.entries()[i].counter) __builtin_trap();
  } catch (const RecordError&) {
  }
  return 0;
}
