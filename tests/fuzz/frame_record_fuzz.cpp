// SPDX-License-Identifier: LGPL-2.1-or-later
// The record of a frame, as it is once it was decrypted. What is read is written and read the same.
#include "record/frame_record.h"

using namespace faceperturb;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes(data, data + size);
  try {
    const FrameRecord record = read_frame_record(bytes);
    Bytes again, once_more;
    write(record, again);
    write(read_frame_record(again), once_more);
    if (again != once_more) __builtin_trap();
  } catch (const RecordError&) {
  }
  return 0;
}
