// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record_meta.h"

#include <gst/video/video-sei.h>
#include <gtest/gtest.h>

#include "support/gst.h"

namespace faceperturb::test {
namespace {

using Bytes = std::vector<std::uint8_t>;

TEST(RecordMeta, ABufferHasNoneOrOne) {
  const BufferPtr buffer(gst_buffer_new());
  EXPECT_FALSE(attached_record(buffer.get()));
  attach_record(buffer.get(), Bytes{1, 2, 3});
  EXPECT_EQ(attached_record(buffer.get()), (Bytes{1, 2, 3}));
  attach_record(buffer.get(), Bytes{0});
  EXPECT_EQ(attached_record(buffer.get()), Bytes{0});
  remove_record(buffer.get());
  EXPECT_FALSE(attached_record(buffer.get()));
  attach_record(buffer.get(), Bytes{1});
  attach_record(buffer.get(), {});
  EXPECT_FALSE(attached_record(buffer.get()));
}

TEST(RecordMeta, OtherUserDataIsLeftAlone) {
  const BufferPtr buffer(gst_buffer_new());
  guint8 uuid[16] = {7}, data[] = {9, 9};
  gst_buffer_add_video_sei_user_data_unregistered_meta(buffer.get(), uuid, data, sizeof data);
  EXPECT_FALSE(attached_record(buffer.get()));
  attach_record(buffer.get(), Bytes{1});
  EXPECT_EQ(attached_record(buffer.get()), Bytes{1});
  remove_record(buffer.get());
  EXPECT_EQ(gst_buffer_get_n_meta(buffer.get(), GST_VIDEO_SEI_USER_DATA_UNREGISTERED_META_API_TYPE),
            1U);
}

TEST(RecordMeta, GoesWithACopyOfTheBuffer) {
  const BufferPtr buffer(gst_buffer_new_allocate(nullptr, 10, nullptr));
  gst_buffer_memset(buffer.get(), 0, 7, 10);
  attach_record(buffer.get(), Bytes(100'000, 0));
  for (const BufferPtr& copy :
       {BufferPtr(gst_buffer_copy(buffer.get())), BufferPtr(gst_buffer_copy_deep(buffer.get()))}) {
    EXPECT_EQ(attached_record(copy.get()), Bytes(100'000, 0));
    EXPECT_EQ(bytes_of(copy.get()), bytes_of(buffer.get()));
  }
}

}  // namespace
}  // namespace faceperturb::test
