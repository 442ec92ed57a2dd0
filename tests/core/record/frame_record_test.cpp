// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record/frame_record.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "record/packet.h"
#include "support/random.h"

namespace faceperturb::test {
namespace {

// A record with faces of scattered cells, row by row.
FrameRecord some_record(unsigned seed) {
  std::mt19937 random(seed);
  FrameRecord record{.counter = random(),
                     .epoch = seed,
                     .time = static_cast<std::int64_t>(random()) << 20,
                     .state = FrameState::held,
                     .format = "I420",
                     .width = 321,
                     .height = 241,
                     .cell_width = 2,
                     .cell_height = 2,
                     .method = "shuffle"};
  for (auto& field : record.overview.thumbnail) field = static_cast<std::uint8_t>(random());
  for (int n = 0; n < 3; ++n) {
    FaceRecord face;
    for (std::uint16_t row = static_cast<std::uint16_t>(40 * n); row < 40 * (n + 1); ++row)
      for (std::uint16_t column = 0; column < 161; ++column)
        if (random() % 4 > static_cast<unsigned>(n)) face.cells.push_back({column, row});
    face.moved = static_cast<std::uint32_t>(face.cells.size()) - 7;
    for (auto& byte : face.digest) byte = static_cast<std::uint8_t>(random());
    for (auto& field : face.original) field = static_cast<std::uint8_t>(random());
    record.faces.push_back(face);
  }
  record.escrow = {1, 2, 3, 250};
  return record;
}

void expect_same(const FrameRecord& a, const FrameRecord& b) {
  EXPECT_EQ(a.counter, b.counter);
  EXPECT_EQ(a.epoch, b.epoch);
  EXPECT_EQ(a.time, b.time);
  EXPECT_EQ(a.state, b.state);
  EXPECT_EQ(a.format, b.format);
  EXPECT_EQ(a.width, b.width);
  EXPECT_EQ(a.height, b.height);
  EXPECT_EQ(a.cell_width, b.cell_width);
  EXPECT_EQ(a.cell_height, b.cell_height);
  EXPECT_EQ(a.method, b.method);
  EXPECT_EQ(a.overview, b.overview);
  EXPECT_EQ(a.escrow, b.escrow);
  ASSERT_EQ(a.faces.size(), b.faces.size());
  for (std::size_t i = 0; i < a.faces.size(); ++i) {
    EXPECT_TRUE(a.faces[i].cells == b.faces[i].cells);
    EXPECT_EQ(a.faces[i].moved, b.faces[i].moved);
    EXPECT_EQ(a.faces[i].digest, b.faces[i].digest);
    EXPECT_EQ(a.faces[i].original, b.faces[i].original);
  }
}

TEST(FrameRecord, IsReadAsItWasWritten) {
  for (unsigned seed = 0; seed < 5; ++seed) {
    const FrameRecord record = some_record(seed);
    Bytes bytes;
    write(record, bytes);
    expect_same(read_frame_record(bytes), record);
  }
  FrameRecord empty{.counter = ~0ULL, .time = -1, .width = 16, .height = 16};
  Bytes bytes;
  write(empty, bytes);
  EXPECT_LT(bytes.size(), 110U);
  expect_same(read_frame_record(bytes), empty);
}

TEST(FrameRecord, AFaceTakesFewBytes) {
  FrameRecord record = some_record(0);
  record.faces.resize(1);
  record.faces[0].cells.clear();
  for (std::uint16_t row = 30; row < 100; ++row)
    for (std::uint16_t column = 20; column < 80; ++column)
      record.faces[0].cells.push_back({column, row});
  record.escrow.clear();
  Bytes bytes;
  write(record, bytes);
  EXPECT_LT(bytes.size(), 500U);
}

// Whatever is cut off or changed, it is refused or read as some record, and memory stays bounded.
TEST(FrameRecord, DamagedBytesAreRefusedOrRead) {
  Bytes bytes;
  write(some_record(1), bytes);
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_THROW(read_frame_record(std::span(bytes).first(length)), RecordError);
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_THROW(read_frame_record(longer), RecordError);
  std::mt19937 random(2);
  std::size_t refused = 0;
  for (int i = 0; i < 20000; ++i) {
    Bytes changed = bytes;
    for (int k = 0; k <= i % 3; ++k)
      changed[random() % (k ? changed.size() : 60)] = static_cast<std::uint8_t>(random());
    try {
      const FrameRecord record = read_frame_record(changed);
      std::size_t cells = 0;
      for (const FaceRecord& face : record.faces) cells += face.cells.size();
      EXPECT_LE(cells, std::size_t{record.width} * record.height);
    } catch (const RecordError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 2000U);
}

TEST(Packet, IsOpenedByItsKeyAlone) {
  const FrameRecord record = some_record(3);
  const KeySchedule keys(fixed_secret(), random_stream_id());
  const Bytes packet = make_packet(record, keys);
  PacketOpener opener(fixed_secret());
  const auto opened = opener.open(packet);
  expect_same(opened.record, record);
  EXPECT_EQ(opened.keys.id(), keys.id());

  PacketOpener other(Secret::random());
  EXPECT_THROW(other.open(packet), RecordError);
  for (std::size_t i = 0; i < packet.size(); i += 7) {
    Bytes changed = packet;
    changed[i] ^= 1;
    EXPECT_THROW(opener.open(changed), RecordError) << "byte " << i;
    EXPECT_THROW(opener.open(std::span(packet).first(i)), RecordError) << "byte " << i;
  }
  expect_same(opener.open(packet).record, record);
}

}  // namespace
}  // namespace faceperturb::test
