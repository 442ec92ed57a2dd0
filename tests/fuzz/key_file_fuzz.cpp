// SPDX-License-Identifier: LGPL-2.1-or-later
// What is in a key file.
#include "record/key_file.h"

#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::uint8_t> content(data, data + size);
  if (faceperturb::parse_key(content) && size < 32) __builtin_trap();
  return 0;
}
