// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record/escrow.h"

#include <sodium.h>
#include <zlib.h>

#include "record/rows.h"
#include "record/seal.h"

namespace faceperturb {

void keep_originals(const Frame& frame, const CellGrid& grid, std::span<const Cell> cells,
                    Bytes& out) {
  for_each_row(frame, grid, cells, [&](std::span<const std::uint8_t> row, int unit) {
    const auto step = static_cast<std::size_t>(unit);
    for (std::size_t i = 0; i < row.size(); ++i)
      out.push_back(static_cast<std::uint8_t>(row[i] - (i < step ? 0 : row[i - step])));
  });
}

void seal_escrow(std::span<const std::uint8_t> originals, const KeySchedule& keys,
                 FrameRecord& record) {
  uLongf size = compressBound(originals.size());
  Bytes packed(size);
  if (compress2(packed.data(), &size, originals.data(), originals.size(), Z_BEST_SPEED) != Z_OK)
    throw RecordError("the originals cannot be compressed: not enough memory");
  record.escrow.clear();
  seal(std::span(packed).first(size), keys.id(), record.counter, keys.escrow(), record.escrow);
  sodium_memzero(packed.data(), packed.size());
}

void restore_escrow(const Frame& frame, const CellGrid& grid, const KeySchedule& keys,
                    const FrameRecord& record) {
  const auto packed = unseal(record.escrow, keys.id(), record.counter, keys.escrow());
  if (!packed) throw RecordError("the escrow key is another, or the originals were changed");
  std::size_t needed = 0;
  for (const FaceRecord& face : record.faces)
    for_each_row(frame, grid, face.cells,
                 [&](std::span<std::uint8_t> row, int) { needed += row.size(); });
  Bytes originals(needed);
  uLongf size = originals.size();
  if (uncompress(originals.data(), &size, packed->data(), packed->size()) != Z_OK || size != needed)
    throw RecordError("the originals do not fit the frame");
  const std::uint8_t* in = originals.data();
  for (const FaceRecord& face : record.faces) {
    for_each_row(frame, grid, face.cells, [&](std::span<std::uint8_t> row, int unit) {
      const auto step = static_cast<std::size_t>(unit);
      for (std::size_t i = 0; i < row.size(); ++i)
        row[i] = static_cast<std::uint8_t>(*in++ + (i < step ? 0 : row[i - step]));
    });
  }
}

}  // namespace faceperturb
