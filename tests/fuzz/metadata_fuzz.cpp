// SPDX-License-Identifier: LGPL-2.1-or-later
// A picture's file of any kind.
#include "protect/metadata.h"

#include <cstddef>
#include <cstdint>

namespace {

void check(bool holds) {
  if (!holds) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A copy, so that AddressSanitizer sees what is read beyond it.
  const std::vector<char> file(data, data + size);
  const protect::Metadata read = protect::read_metadata({file.data(), file.size()});
  check(read.orientation >= 1 && read.orientation <= 8);
  check(read.exif.size() <= 0xffff - 8);  // else no JPEG can hold it

  // What is kept is read again from a file that has nothing else.
  std::vector<unsigned char> png{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n',
                                 0,    0,   0,   13,  'I',  'H',  'D',  'R'};
  png.resize(33);
  protect::add_metadata(read, 1, 1, 3, png);
  const auto again = protect::read_metadata({reinterpret_cast<char*>(png.data()), png.size()});
  check(again.orientation == 1);
  check(again.exif.size() == read.exif.size());
  check(again.texts == read.texts);
  check(again.across == (read.down > 0 ? read.across : 0));
  std::vector<unsigned char> jpeg{0xff, 0xd8, 0xff, 0xda, 0, 2};
  protect::add_metadata(read, 1, 1, 3, jpeg);
  check(protect::read_metadata({reinterpret_cast<char*>(jpeg.data()), jpeg.size()}).exif.size() ==
        read.exif.size());
  return 0;
}
