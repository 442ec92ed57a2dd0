// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "frame/cells.h"
#include "guard/state.h"
#include "record/bytes.h"
#include "record/fingerprint.h"

namespace faceperturb {

/// What undoes the perturbation of one face.
struct FaceRecord {
  std::vector<Cell> cells;  ///< of its regions, row by row, none twice; of the frame's grid
  std::uint32_t moved = 0;  ///< how many of them were drawn and perturbed, <= cells.size()
  Thumbnail original{};     ///< of the cells before
  Digest digest{};          ///< of the cells, as they left
};

/// What undoes the perturbation of one frame. Its faces tell people apart: it leaves memory only
/// encrypted.
struct FrameRecord {
  std::uint64_t counter = 0;  ///< of the frame in its stream; none has that of another
  std::uint64_t epoch = 0;    ///< frames of one epoch share their draws
  std::int64_t time = -1;     ///< stream time in nanoseconds; -1: unknown
  FrameState state = FrameState::covered;
  std::string format{};                           ///< name of FormatInfo
  std::uint32_t width = 0, height = 0;            ///< luma pixels
  std::uint32_t cell_width = 0, cell_height = 0;  ///< luma pixels
  std::string method{};                           ///< name of MethodInfo
  Overview overview{};                            ///< of the whole frame, as it left
  std::vector<FaceRecord> faces{};
  Bytes escrow{};  ///< the cells before, sealed (escrow.h); empty: not kept
};

/// Appends the record to `out`. Little endian throughout; cells as runs.
void write(const FrameRecord& record, Bytes& out);
/// The record that `bytes` are, whole. Throws RecordError where they are none: no count is believed
/// before what it counts was read.
FrameRecord read_frame_record(std::span<const std::uint8_t> bytes);

}  // namespace faceperturb
