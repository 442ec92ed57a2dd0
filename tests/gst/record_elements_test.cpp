// SPDX-License-Identifier: LGPL-2.1-or-later
// facerecordinsert and facerecordextract on access units made by hand; real ones are in pipelines/.
#include <gtest/gtest.h>

#include "record/sei.h"
#include "record_meta.h"
#include "support/gst.h"

namespace faceperturb::test {
namespace {

using Bytes = std::vector<std::uint8_t>;

const Bytes record = {1, 0, 0, 3, 0, 0, 0, 9};
const Bytes access_unit = {0, 0, 0, 1, 9, 0xf0, 0, 0, 0, 1, 0x65, 0x88, 1, 2, 3};
constexpr char byte_stream[] = "video/x-h264, stream-format=byte-stream, alignment=au";
constexpr char avc[] =
    "video/x-h264, stream-format=avc, alignment=au, codec_data=(buffer)0164001fffe100";

BufferPtr buffer_of(const Bytes& bytes) {
  BufferPtr buffer(gst_buffer_new_allocate(nullptr, bytes.size(), nullptr));
  gst_buffer_fill(buffer.get(), 0, bytes.data(), bytes.size());
  GST_BUFFER_PTS(buffer.get()) = 3 * GST_SECOND;
  GST_BUFFER_DTS(buffer.get()) = 2 * GST_SECOND;
  GST_BUFFER_DURATION(buffer.get()) = GST_SECOND;
  GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DELTA_UNIT);
  return buffer;
}

BufferPtr buffer_with_record(const Bytes& bytes, const Bytes& attached = record) {
  BufferPtr buffer = buffer_of(bytes);
  attach_record(buffer.get(), attached);
  return buffer;
}

struct Element : Bench {
  explicit Element(const char* name, const char* caps = byte_stream)
      : Bench(
            ElementPtr(GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make(name, nullptr))))) {
    gst_harness_set_src_caps_str(harness.get(), caps);
  }
  std::string error() {
    const auto message = pop_message(bus.get(), GST_MESSAGE_ERROR);
    return message ? error_text(message.get()) : "";
  }
};

void expect_same_metadata(GstBuffer* in, GstBuffer* out) {
  EXPECT_EQ(GST_BUFFER_PTS(out), GST_BUFFER_PTS(in));
  EXPECT_EQ(GST_BUFFER_DTS(out), GST_BUFFER_DTS(in));
  EXPECT_EQ(GST_BUFFER_DURATION(out), GST_BUFFER_DURATION(in));
  EXPECT_TRUE(GST_BUFFER_FLAG_IS_SET(out, GST_BUFFER_FLAG_DELTA_UNIT));
}

TEST(RecordElements, WhatIsInsertedIsExtracted) {
  Element insert("facerecordinsert"), extract("facerecordextract");
  ASSERT_EQ(insert.push(buffer_with_record(access_unit)), GST_FLOW_OK);
  const auto written = insert.pull();
  ASSERT_TRUE(written);
  const auto inserted = insertion_of_record({}, access_unit, record);
  Bytes wanted = access_unit;
  wanted.insert(wanted.begin() + static_cast<std::ptrdiff_t>(inserted.position),
                inserted.bytes.begin(), inserted.bytes.end());
  EXPECT_EQ(bytes_of(written.get()), wanted);
  expect_same_metadata(buffer_of({}).get(), written.get());

  ASSERT_EQ(extract.push(buffer_of(bytes_of(written.get()))), GST_FLOW_OK);
  const auto read = extract.pull();
  ASSERT_TRUE(read);
  EXPECT_EQ(attached_record(read.get()), record);
  EXPECT_EQ(bytes_of(read.get()), bytes_of(written.get()));
  expect_same_metadata(written.get(), read.get());
}

TEST(RecordElements, WithoutARecordNothingIsDone) {
  for (const char* name : {"facerecordinsert", "facerecordextract"}) {
    Element element(name);
    ASSERT_EQ(element.push(buffer_of(access_unit)), GST_FLOW_OK);
    const auto out = element.pull();
    ASSERT_TRUE(out);
    EXPECT_EQ(bytes_of(out.get()), access_unit);
    EXPECT_FALSE(attached_record(out.get()));
  }
}

TEST(RecordElements, ABufferInManyPiecesIsReadWhole) {
  Element insert("facerecordinsert");
  BufferPtr pieces(gst_buffer_new());
  for (const auto byte : access_unit)
    pieces.reset(gst_buffer_append(pieces.release(), buffer_of({byte}).release()));
  attach_record(pieces.get(), record);
  ASSERT_EQ(insert.push(std::move(pieces)), GST_FLOW_OK);
  const auto written = insert.pull();
  ASSERT_TRUE(written);
  EXPECT_EQ(record_in({}, bytes_of(written.get())), record);
}

TEST(RecordElements, TheStreamsRecordCountsNotWhatABufferBroughtAlong) {
  Element insert("facerecordinsert"), extract("facerecordextract");
  ASSERT_EQ(insert.push(buffer_with_record(access_unit)), GST_FLOW_OK);
  ASSERT_EQ(extract.push(buffer_with_record(bytes_of(insert.pull().get()), {7})), GST_FLOW_OK);
  EXPECT_EQ(attached_record(extract.pull().get()), record);
}

void expect_refused(Element& insert, BufferPtr buffer, const std::string& why) {
  EXPECT_EQ(insert.push(std::move(buffer)), GST_FLOW_ERROR);
  EXPECT_FALSE(insert.pull());
  const auto error = insert.error();
  EXPECT_NE(error.find(why), std::string::npos) << error;
  EXPECT_NE(error.find("could not be restored"), std::string::npos) << error;
}

TEST(RecordElements, ARecordThatCannotBeWrittenIsAnError) {
  Element insert("facerecordinsert");
  expect_refused(insert, buffer_with_record(access_unit, Bytes(max_record_size + 1, 1)),
                 "more than the 1048576");
  expect_refused(insert, buffer_with_record({0, 0, 0, 1, 9, 0xf0}), "no slice");
  expect_refused(insert, buffer_with_record({}), "no slice");
}

TEST(RecordElements, ARecordIsNeitherWrittenTwiceNorReplaced) {
  Element insert("facerecordinsert");
  ASSERT_EQ(insert.push(buffer_with_record(access_unit)), GST_FLOW_OK);
  const auto written = bytes_of(insert.pull().get());
  ASSERT_EQ(insert.push(buffer_with_record(written)), GST_FLOW_OK);
  EXPECT_EQ(bytes_of(insert.pull().get()), written);
  expect_refused(insert, buffer_with_record(written, {7}), "another record");
}

TEST(RecordElements, LengthsAreAsTheCapsSay) {
  Element insert("facerecordinsert", avc), extract("facerecordextract", avc);
  const Bytes unit = {0, 0, 0, 2, 9, 0xf0, 0, 0, 0, 4, 0x65, 0x88, 1, 2};
  ASSERT_EQ(insert.push(buffer_with_record(unit)), GST_FLOW_OK);
  const auto written = bytes_of(insert.pull().get());
  EXPECT_EQ(record_in({VideoCodec::h264, 4}, written), record);
  ASSERT_EQ(extract.push(buffer_of(written)), GST_FLOW_OK);
  EXPECT_EQ(attached_record(extract.pull().get()), record);

  // They may change on the way.
  gst_harness_set_src_caps_str(
      insert.harness.get(),
      "video/x-h264, stream-format=avc, alignment=au, codec_data=(buffer)0164001ffde100");
  ASSERT_EQ(insert.push(buffer_with_record({0, 2, 0x65, 0x88})), GST_FLOW_OK);
  EXPECT_EQ(record_in({VideoCodec::h264, 2}, bytes_of(insert.pull().get())), record);
}

TEST(RecordElements, WithoutUsableCodecDataNothingPasses) {
  for (const char* name : {"facerecordinsert", "facerecordextract"})
    for (const char* caps :
         {"video/x-h264, stream-format=avc, alignment=au",
          "video/x-h265, stream-format=hvc1, alignment=au, codec_data=(buffer)0102"}) {
      SCOPED_TRACE(std::string(name) + ": " + caps);
      Element element(name, caps);
      EXPECT_EQ(element.push(buffer_with_record(access_unit)), GST_FLOW_NOT_NEGOTIATED);
      EXPECT_FALSE(element.pull());
      EXPECT_NE(element.error().find("codec_data"), std::string::npos);
    }
}

}  // namespace
}  // namespace faceperturb::test
