// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record/frame_record.h"

#include <algorithm>

namespace faceperturb {
namespace {

constexpr std::uint8_t version = 1;
constexpr std::uint64_t largest_side = 1 << 16;  // luma pixels; also of cells
constexpr std::size_t longest_name = 32;

void write_name(ByteWriter& out, const std::string& name) {
  out.number(name.size());
  out.bytes({reinterpret_cast<const std::uint8_t*>(name.data()), name.size()});
}

std::string read_name(ByteReader& in) {
  const auto bytes = in.bytes(in.number(longest_name));
  return {bytes.begin(), bytes.end()};
}

// Runs of cells side by side: for each row that has some, how far it is below the one before, the
// number of its runs, and for each what lies before it and how long it is.
void write_cells(ByteWriter& out, std::span<const Cell> cells) {
  struct Run {
    Cell first;
    std::uint32_t length;
  };
  std::vector<Run> runs;
  for (const Cell cell : cells) {
    const auto goes_on = [&](const Run& run) {
      return run.first.row == cell.row && run.first.column + run.length == cell.column;
    };
    if (!runs.empty() && goes_on(runs.back()))
      ++runs.back().length;
    else
      runs.push_back({cell, 1});
  }
  std::uint64_t rows = 0;
  for (std::size_t i = 0; i < runs.size(); ++i)
    rows += i == 0 || runs[i].first.row != runs[i - 1].first.row;
  out.number(rows);
  std::uint32_t next_row = 0;
  for (auto run = runs.begin(); run != runs.end();) {
    const std::uint32_t row = run->first.row;
    const auto end =
        std::find_if(run, runs.end(), [&](const Run& other) { return other.first.row != row; });
    out.number(row - next_row);
    out.number(static_cast<std::uint64_t>(end - run));
    std::uint32_t next_column = 0;
    for (; run != end; ++run) {
      out.number(run->first.column - next_column);
      out.number(run->length);
      next_column = run->first.column + run->length;
    }
    next_row = row + 1;
  }
}

void read_cells(ByteReader& in, std::uint64_t columns, std::uint64_t rows,
                std::vector<Cell>& cells) {
  std::uint64_t row = 0;
  for (auto left = in.number(rows); left > 0; --left, ++row) {
    row += in.number(rows);
    if (row >= rows) throw RecordError("a cell lies below the frame");
    std::uint64_t column = 0;
    for (auto runs = in.number(columns); runs > 0; --runs) {
      column += in.number(columns);
      const auto length = in.number(columns);
      if (column + length > columns) throw RecordError("a cell lies beside the frame");
      for (const auto end = column + length; column < end; ++column)
        cells.push_back({static_cast<std::uint16_t>(column), static_cast<std::uint16_t>(row)});
    }
  }
}

}  // namespace

void write(const FrameRecord& record, Bytes& bytes) {
  ByteWriter out(bytes);
  out.fixed(version);
  out.number(record.counter);
  out.number(record.epoch);
  out.fixed(static_cast<std::uint64_t>(record.time));
  out.fixed(static_cast<std::uint8_t>(record.state));
  out.number(record.width);
  out.number(record.height);
  out.bytes(record.overview.thumbnail);
  out.bytes(record.overview.digest);
  if (record.faces.empty()) {
    out.number(0);
    return;
  }
  out.number(record.faces.size());
  write_name(out, record.format);
  out.number(record.cell_width);
  out.number(record.cell_height);
  write_name(out, record.method);
  for (const FaceRecord& face : record.faces) {
    write_cells(out, face.cells);
    out.number(face.moved);
    out.bytes(face.original);
    out.bytes(face.digest);
  }
  out.number(record.escrow.size());
  out.bytes(record.escrow);
}

FrameRecord read_frame_record(std::span<const std::uint8_t> bytes) {
  ByteReader in(bytes);
  if (const auto found = in.fixed<std::uint8_t>(); found != version)
    throw RecordError("a frame is written in version " + std::to_string(found) +
                      ", and only version 1 is known here");
  FrameRecord record;
  record.counter = in.number();
  record.epoch = in.number();
  record.time = static_cast<std::int64_t>(in.fixed<std::uint64_t>());
  const auto state = in.fixed<std::uint8_t>();
  if (state > static_cast<std::uint8_t>(FrameState::covered))
    throw RecordError("a frame is in no known state");
  record.state = static_cast<FrameState>(state);
  record.width = static_cast<std::uint32_t>(in.number(largest_side));
  record.height = static_cast<std::uint32_t>(in.number(largest_side));
  record.overview.thumbnail = in.array<std::tuple_size_v<Thumbnail>>();
  record.overview.digest = in.array<std::tuple_size_v<Digest>>();
  auto faces = in.number();
  if (faces > 0) {
    record.format = read_name(in);
    record.cell_width = static_cast<std::uint32_t>(in.number(largest_side));
    record.cell_height = static_cast<std::uint32_t>(in.number(largest_side));
    if (record.cell_width == 0 || record.cell_height == 0)
      throw RecordError("a frame has cells without size");
    record.method = read_name(in);
    const auto columns = (record.width + record.cell_width - 1) / record.cell_width;
    const auto rows = (record.height + record.cell_height - 1) / record.cell_height;
    std::size_t all = 0;  // no cell is in two faces
    for (; faces > 0; --faces) {
      FaceRecord& face = record.faces.emplace_back();
      read_cells(in, columns, rows, face.cells);
      all += face.cells.size();
      if (all > std::size_t{columns} * rows) throw RecordError("a frame has more cells than fit");
      face.moved = static_cast<std::uint32_t>(in.number(face.cells.size()));
      face.original = in.array<std::tuple_size_v<Thumbnail>>();
      face.digest = in.array<std::tuple_size_v<Digest>>();
    }
    const auto escrow = in.bytes(in.number());
    record.escrow.assign(escrow.begin(), escrow.end());
  }
  if (!in.empty()) throw RecordError("a frame is longer than what it holds");
  return record;
}

}  // namespace faceperturb
