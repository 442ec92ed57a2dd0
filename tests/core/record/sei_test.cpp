// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record/sei.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace faceperturb::test {
namespace {

using Bytes = std::vector<std::uint8_t>;

// What the NAL units of a picture begin with, by codec; what follows matters to nobody here.
struct Units {
  Bytes delimiter, parameters, other_sei, slice;
};

Units units(VideoCodec codec) {
  if (codec == VideoCodec::h264)
    return {{9, 0xf0}, {7, 1, 2, 3}, {6, 1, 2, 0xaa, 0xbb, 0x80}, {5, 0x88, 4, 5, 6}};
  return {{35 << 1, 1, 0x50},
          {33 << 1, 1, 2, 3},
          {39 << 1, 1, 1, 2, 0xaa, 0xbb, 0x80},
          {19 << 1, 1, 4, 5, 6}};
}

Bytes joined(const NalFormat& format, const std::vector<Bytes>& nals) {
  Bytes result;
  for (const auto& nal : nals) {
    if (format.length_size == 0) result.insert(result.end(), {0, 0, 0, 1});
    for (int shift = 8 * (format.length_size - 1); shift >= 0; shift -= 8)
      result.push_back(static_cast<std::uint8_t>(nal.size() >> shift));
    result.insert(result.end(), nal.begin(), nal.end());
  }
  return result;
}

Bytes with_record(const NalFormat& format, Bytes access_unit, const Bytes& record) {
  const auto inserted = insertion_of_record(format, access_unit, record);
  access_unit.insert(access_unit.begin() + static_cast<std::ptrdiff_t>(inserted.position),
                     inserted.bytes.begin(), inserted.bytes.end());
  return access_unit;
}

// Bytes as they come, only such as need care, and only zeros.
std::vector<Bytes> records(std::size_t size) {
  std::mt19937 random(static_cast<unsigned>(size));
  std::vector<Bytes> result(3, Bytes(size, 0));
  for (auto& byte : result[0]) byte = static_cast<std::uint8_t>(random());
  for (auto& byte : result[1]) byte = random() % 3 ? 0 : static_cast<std::uint8_t>(random() % 5);
  return result;
}

std::vector<NalFormat> formats() {
  std::vector<NalFormat> result;
  for (const auto codec : {VideoCodec::h264, VideoCodec::h265})
    for (const int length_size : {0, 1, 2, 3, 4}) result.push_back({codec, length_size});
  return result;
}

std::string describe(const NalFormat& format) {
  return std::string(format.codec == VideoCodec::h264 ? "H.264" : "H.265") + ", length size " +
         std::to_string(format.length_size);
}

TEST(Sei, IsWrittenAsTheStandardsSay) {
  Bytes message = {5, 16 + 6};
  message.insert(message.end(), record_uuid.begin(), record_uuid.end());
  message.insert(message.end(), {0, 0, 3, 3, 0, 0, 3, 1, 0x80});
  const Bytes record = {0, 0, 3, 0, 0, 1};

  Bytes wanted = {0, 0, 0, 1, 6};
  wanted.insert(wanted.end(), message.begin(), message.end());
  const NalFormat h264{VideoCodec::h264, 0};
  EXPECT_EQ(insertion_of_record(h264, joined(h264, {{0x41, 1}}), record).bytes, wanted);

  wanted = {0, static_cast<std::uint8_t>(2 + message.size()), 39 << 1, 3};
  wanted.insert(wanted.end(), message.begin(), message.end());
  const NalFormat h265{VideoCodec::h265, 2};  // a slice of the third temporal layer
  EXPECT_EQ(insertion_of_record(h265, joined(h265, {{1 << 1, 3, 1}}), record).bytes, wanted);
}

TEST(Sei, GoesBeforeTheFirstSliceAndChangesNothingElse) {
  for (const auto& format : formats()) {
    SCOPED_TRACE(describe(format));
    const Units u = units(format.codec);
    const std::vector<Bytes> before = {u.delimiter, u.parameters, u.other_sei};
    auto all = before;
    all.insert(all.end(), {u.slice, u.slice});
    const auto inserted = insertion_of_record(format, joined(format, all), Bytes{1, 2, 3});
    EXPECT_EQ(inserted.position, joined(format, before).size());
  }
}

TEST(Sei, ThePrefixOfASliceStaysWithIt) {
  const NalFormat format;
  const Bytes scalable = joined(format, {{7, 1}, {14, 1, 2, 3}, {5, 1}});
  EXPECT_EQ(insertion_of_record(format, scalable, Bytes{1}).position, 6U);
}

TEST(Sei, ShortStartCodesAreReadToo) {
  const NalFormat format;
  const Bytes access_unit = {0, 0, 1, 9, 0xf0, 0, 0, 1, 5, 0x88};
  EXPECT_EQ(insertion_of_record(format, access_unit, Bytes{1}).position, 5U);
  EXPECT_EQ(record_in(format, with_record(format, access_unit, Bytes{1})), Bytes{1});
}

TEST(Sei, EveryRecordComesBack) {
  for (const auto& format : formats()) {
    const Units u = units(format.codec);
    const Bytes access_unit = joined(format, {u.delimiter, u.other_sei, u.slice});
    EXPECT_FALSE(record_in(format, access_unit));
    for (const std::size_t size : {1, 2, 100, 150, 238, 239, 240, 494, 495, 5'000, 60'000, 1 << 20})
      for (const auto& record : records(size)) {
        SCOPED_TRACE(describe(format) + ", " + std::to_string(size) + " bytes");
        if (format.length_size != 0 && format.length_size < 4 &&
            size * 3 / 2 + 100 >= std::size_t{1} << (8 * format.length_size))
          continue;  // of these the next test
        EXPECT_EQ(record_in(format, with_record(format, access_unit, record)), record);
      }
  }
}

TEST(Sei, ARecordThatDoesNotFitIsRefused) {
  for (const auto& format : formats()) {
    SCOPED_TRACE(describe(format));
    const Units u = units(format.codec);
    const Bytes access_unit = joined(format, {u.slice});
    const std::size_t longest = format.length_size == 1   ? 230
                                : format.length_size == 2 ? 65'200
                                                          : max_record_size;
    const auto record = records(longest)[0];
    EXPECT_EQ(record_in(format, with_record(format, access_unit, record)), record);
    EXPECT_THROW(insertion_of_record(format, access_unit, Bytes(longest + 500, 7)), SeiError);
    EXPECT_THROW(insertion_of_record(format, access_unit, {}), SeiError);
    EXPECT_THROW(insertion_of_record(format, {}, Bytes{1}), SeiError);
    EXPECT_THROW(insertion_of_record(format, joined(format, {u.parameters}), Bytes{1}), SeiError);
  }
}

TEST(Sei, NothingIsWrittenThatLooksLikeAStartCode) {
  const NalFormat format;
  for (const auto& record : records(10'000)) {
    const auto nal = insertion_of_record(format, joined(format, {{5, 1}}), record).bytes;
    for (std::size_t i = 4; i + 2 < nal.size(); ++i)
      ASSERT_FALSE(nal[i] == 0 && nal[i + 1] == 0 && nal[i + 2] < 3) << "at byte " << i;
  }
}

TEST(Sei, TheRecordIsFoundAmongOtherMessages) {
  const NalFormat format{VideoCodec::h264, 4};
  Bytes ours = {5, 16 + 2};
  ours.insert(ours.end(), record_uuid.begin(), record_uuid.end());
  ours.insert(ours.end(), {8, 9});
  Bytes foreign(20, 0x11);
  foreign[0] = 5;
  foreign[1] = 18;
  Bytes nal = {6, 255, 7, 1, 0xcc};  // a message of type 262
  nal.insert(nal.end(), foreign.begin(), foreign.end());
  nal.insert(nal.end(), ours.begin(), ours.end());
  nal.push_back(0x80);
  EXPECT_EQ(record_in(format, joined(format, {nal, {5, 1}})), (Bytes{8, 9}));
  // Of the next picture's, nothing.
  EXPECT_FALSE(record_in(format, joined(format, {{5, 1}, nal})));
}

TEST(Sei, AMessageWithoutBytesIsNoRecord) {
  Bytes nal = {6, 5, 16};
  nal.insert(nal.end(), record_uuid.begin(), record_uuid.end());
  nal.push_back(0x80);
  const NalFormat format;
  EXPECT_FALSE(record_in(format, joined(format, {nal, {5, 1}})));
}

TEST(Sei, ZerosBetweenNalUnitsBelongToNone) {
  Bytes access_unit = {0, 0, 0, 1, 6, 5, 16 + 2};
  access_unit.insert(access_unit.end(), record_uuid.begin(), record_uuid.end());
  access_unit.insert(access_unit.end(),
                     {8, 0, 0, 0, 0, 1, 5, 1});  // a byte of the record is missing
  EXPECT_FALSE(record_in({}, access_unit));
}

TEST(Sei, NoBytesAreTooOddToRead) {
  std::mt19937 random(7);
  for (const auto& format : formats()) {
    if (format.length_size == 1) continue;
    SCOPED_TRACE(describe(format));
    const Units u = units(format.codec);
    const auto record = records(300)[1];
    const Bytes whole =
        with_record(format, joined(format, {u.delimiter, u.other_sei, u.slice}), record);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      // A copy of its own, so that AddressSanitizer sees what is read beyond it.
      const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      if (const auto found = record_in(format, part)) {
        EXPECT_LE(found->size(), size);
      }
    }
    for (int i = 0; i < 5'000; ++i) {
      Bytes spoilt = whole;
      for (int j = 0; j < 3; ++j)
        spoilt[random() % spoilt.size()] = static_cast<std::uint8_t>(random() % 2 ? random() : 255);
      if (const auto found = record_in(format, spoilt)) {
        EXPECT_LE(found->size(), spoilt.size());
      }
    }
  }
}

TEST(Sei, TheLengthSizeIsReadFromTheConfiguration) {
  const Bytes avc = {1, 0x64, 0, 0x1f, 0xff, 0xe1};
  EXPECT_EQ(nal_length_size(VideoCodec::h264, avc), 4);
  EXPECT_EQ(nal_length_size(VideoCodec::h264, Bytes{1, 0x64, 0, 0x1f, 0xfd}), 2);
  EXPECT_FALSE(nal_length_size(VideoCodec::h264, Bytes{1, 0x64, 0, 0x1f}));
  Bytes hevc(22, 0);
  EXPECT_EQ(nal_length_size(VideoCodec::h265, hevc), 1);
  hevc[21] = 0xf;
  EXPECT_EQ(nal_length_size(VideoCodec::h265, hevc), 4);
  hevc.pop_back();
  EXPECT_FALSE(nal_length_size(VideoCodec::h265, hevc));
}

}  // namespace
}  // namespace faceperturb::test
