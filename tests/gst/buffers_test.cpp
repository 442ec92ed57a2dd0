// SPDX-License-Identifier: LGPL-2.1-or-later
// What the element does to the memory of its buffers.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "support/gst.h"
#include "support/scenes.h"

namespace faceperturb::test {
namespace {

// Fewer bytes than these change in no protected picture, and more in none that is clear.
constexpr std::size_t some_bytes = 200;

// The bytes of the reported faces' boxes and a margin: eyebrows may reach out of a box.
std::vector<bool> face_bytes(const GstVideoInfo& info, GstBuffer* buffer,
                             std::vector<std::uint8_t>& copy) {
  const Frame view = view_of_copy(info, buffer, copy);
  return mark_bytes(view, copy, [&](int p, int x, int y) {
    const auto& unit = view.format->planes[static_cast<std::size_t>(p)];
    const auto near = [](int position, guint start, guint length) {
      const int margin = static_cast<int>(length) * 4 / 10 + 2;
      return position >= static_cast<int>(start) - margin &&
             position <= static_cast<int>(start + length) + margin;
    };
    return std::ranges::any_of(faces_of(buffer), [&](const auto* face) {
      return near(x * unit.unit_width, face->x, face->w) &&
             near(y * unit.unit_height, face->y, face->h);
    });
  });
}

TEST(Buffers, OfEveryFormatAndSizeAreProtectedInPlace) {
  Bench bench;  // one for all: the caps change in the middle of the stream
  for (const auto& format : formats()) {
    for (const Size size : sizes) {
      for (const int padding : {0, 24}) {
        SCOPED_TRACE(describe(format, size) + " padded by " + std::to_string(padding));
        const GstVideoInfo info = video_info(format, size);
        bench.set_caps(info);
        BufferPtr in = make_buffer(info, portrait().bgr, padding);
        const auto before = bytes_of(in.get());
        const GstMemory* memory = gst_buffer_peek_memory(in.get(), 0);
        ASSERT_EQ(bench.push(std::move(in)), GST_FLOW_OK);
        const BufferPtr out = bench.pull();
        ASSERT_NE(out, nullptr);
        EXPECT_EQ(gst_buffer_peek_memory(out.get(), 0), memory) << "was copied";
        EXPECT_EQ(gst_buffer_n_memory(out.get()), 1U);
        auto after = bytes_of(out.get());
        ASSERT_EQ(after.size(), before.size());
        const auto difference = compare(before, after, face_bytes(info, out.get(), after));
        EXPECT_EQ(difference.outside, 0U);
        if (size.width > 300) {
          EXPECT_EQ(faces_of(out.get()).size(), 1U);
          EXPECT_GT(difference.inside, some_bytes);
        } else {
          EXPECT_TRUE(faces_of(out.get()).empty());
        }
      }
    }
  }
}

// Where somebody else can see the memory, it must stay as it is, and what leaves must be another.
struct SharedMemory {
  const char* name;
  // Gives what to push; `keep` lives on.
  std::function<BufferPtr(BufferPtr& keep)> share;
};

const SharedMemory shared_memory[] = {
    {"read-only memory",
     [](BufferPtr& keep) {
       GstMapInfo map;
       gst_buffer_map(keep.get(), &map, GST_MAP_READ);
       BufferPtr buffer(gst_buffer_new());
       gst_buffer_append_memory(
           buffer.get(), gst_memory_new_wrapped(GST_MEMORY_FLAG_READONLY, map.data, map.size, 0,
                                                map.size, nullptr, nullptr));
       copy_metadata(keep.get(), buffer.get());
       gst_buffer_unmap(keep.get(), &map);  // its memory stays where it is
       return buffer;
     }},
    {"a buffer with two owners",
     [](BufferPtr& keep) { return BufferPtr(gst_buffer_ref(keep.get())); }},
    {"two buffers of one memory",
     [](BufferPtr& keep) { return BufferPtr(gst_buffer_copy(keep.get())); }},
    {"a part of another buffer",
     [](BufferPtr& keep) {
       return BufferPtr(gst_buffer_copy_region(keep.get(), GST_BUFFER_COPY_ALL, 0,
                                               gst_buffer_get_size(keep.get())));
     }},
};

TEST(Buffers, ThatOthersCanSeeStayAsTheyAre) {
  Bench bench;
  for (const auto& [name, share] : shared_memory) {
    for (const auto* format : {"I420", "NV12", "BGR", "P010_10LE"}) {
      for (const int padding : {0, 24}) {
        SCOPED_TRACE(std::string(name) + ", " + format + " padded by " + std::to_string(padding));
        const GstVideoInfo info = video_info(*find_format(format), {320, 240});
        bench.set_caps(info);
        BufferPtr keep = make_buffer(info, portrait().bgr, padding);
        const auto before = bytes_of(keep.get());
        ASSERT_EQ(bench.push(share(keep)), GST_FLOW_OK);
        const BufferPtr out = bench.pull();
        ASSERT_NE(out, nullptr);
        EXPECT_TRUE(bytes_of(keep.get()) == before) << "somebody else's picture was changed";
        EXPECT_EQ(faces_of(out.get()).size(), 1U);
        const cv::Mat clear = picture_of(info, keep.get());
        const cv::Mat protected_picture = picture_of(info, out.get());
        EXPECT_GT(cv::countNonZero(clear.reshape(1) != protected_picture.reshape(1)), some_bytes);
      }
    }
  }
}

// Buffers that do not hold the frame that their caps, or their metadata, promise.
struct BadBuffer {
  const char* name;
  std::function<BufferPtr(const GstVideoInfo&)> make;
};

// A buffer that ends `missing` bytes early; the memory behind its end can be looked at.
class ShortBuffer {
 public:
  ShortBuffer(const GstVideoInfo& info, int padding, gsize missing) {
    const BufferPtr whole = make_buffer(info, portrait().bgr, padding);
    bytes = bytes_of(whole.get());
    const gsize size = bytes.size() - missing;
    buffer.reset(gst_buffer_new());
    gst_buffer_append_memory(
        buffer.get(), gst_memory_new_wrapped(static_cast<GstMemoryFlags>(0), bytes.data(), size, 0,
                                             size, nullptr, nullptr));
    copy_metadata(whole.get(), buffer.get());
    behind.assign(bytes.end() - static_cast<std::ptrdiff_t>(missing), bytes.end());
  }
  bool behind_is_untouched() const {
    return std::equal(behind.begin(), behind.end(),
                      bytes.end() - static_cast<std::ptrdiff_t>(behind.size()));
  }

  std::vector<std::uint8_t> bytes, behind;
  BufferPtr buffer;
};

void expect_refused(Bench& bench, BufferPtr buffer) {
  EXPECT_EQ(bench.push(std::move(buffer)), GST_FLOW_ERROR);
  EXPECT_EQ(bench.pull(), nullptr) << "a frame left that nobody could look at";
  const MessagePtr message = pop_message(bench.bus.get(), GST_MESSAGE_ERROR);
  ASSERT_NE(message, nullptr);
  EXPECT_NE(error_text(message.get()), "");
}

TEST(Buffers, ThatAreTooShortAreAnError) {
  Bench bench;
  for (const auto& format : formats()) {
    const GstVideoInfo info = video_info(format, {321, 241});
    const gsize half = info.size / 2;
    for (const gsize missing : {gsize{1}, half, info.size - 1}) {
      SCOPED_TRACE(std::string(format.name) + " without " + std::to_string(missing) + " bytes");
      ShortBuffer buffer(info, 0, missing);
      bench.set_caps(info);
      expect_refused(bench, std::move(buffer.buffer));
      EXPECT_TRUE(buffer.behind_is_untouched());
    }
  }
}

TEST(Buffers, ThatAreShorterThanTheirVideoMetaSaysAreAnError) {
  Bench bench;
  // The last row's padding need not be there, so more than that is taken away.
  for (const auto& format : formats()) {
    const GstVideoInfo info = video_info(format, {320, 240});
    for (const gsize missing : {gsize{4000}, info.size / 3}) {
      SCOPED_TRACE(std::string(format.name) + " without " + std::to_string(missing) + " bytes");
      ShortBuffer buffer(info, 24, missing);
      bench.set_caps(info);
      expect_refused(bench, std::move(buffer.buffer));
      EXPECT_TRUE(buffer.behind_is_untouched()) << "wrote behind the buffer's end";
    }
  }
}

TEST(Buffers, ThatAreEmptyOrOfAnotherSizeOrFormatAreAnError) {
  const BadBuffer bad_buffers[] = {
      {"no memory", [](const GstVideoInfo&) { return BufferPtr(gst_buffer_new()); }},
      {"another format's meta",
       [](const GstVideoInfo& info) {
         return make_buffer(video_info(*find_format("NV21"), {info.width, info.height}),
                            portrait().bgr, 24);
       }},
      {"a smaller meta",
       [](const GstVideoInfo&) {
         return make_buffer(video_info(*find_format("NV12"), {300, 200}), portrait().bgr, 24);
       }},
  };
  // GStreamer says what it thinks of such buffers by critical warnings; they are wanted here.
  const GLogLevelFlags fatal =
      g_log_set_always_fatal(static_cast<GLogLevelFlags>(G_LOG_FATAL_MASK));
  const auto old_handler = g_log_set_default_handler(
      [](const gchar*, GLogLevelFlags, const gchar*, gpointer) {}, nullptr);
  for (const auto& bad : bad_buffers) {
    SCOPED_TRACE(bad.name);
    const GstVideoInfo info = video_info(*find_format("NV12"), {320, 240});
    Bench bench;
    bench.set_caps(info);
    expect_refused(bench, bad.make(info));
  }
  g_log_set_default_handler(old_handler, nullptr);
  g_log_set_always_fatal(fatal);
}

TEST(Buffers, OfSeveralMemoriesAreProtected) {
  Bench bench;
  const GstVideoInfo info = video_info(*find_format("NV12"), {320, 240});
  for (const int padding : {0, 24}) {
    SCOPED_TRACE("padded by " + std::to_string(padding));
    bench.set_caps(info);
    const BufferPtr whole = make_buffer(info, portrait().bgr, padding);
    const gsize luma = static_cast<gsize>(info.stride[0] + padding) * 240;
    const gsize rest = gst_buffer_get_size(whole.get()) - luma;
    BufferPtr in(gst_buffer_new());
    for (const auto& [offset, size] : {std::pair{gsize{0}, luma}, {luma, rest}}) {
      GstMemory* memory = gst_allocator_alloc(nullptr, size, nullptr);
      GstMapInfo map;
      gst_memory_map(memory, &map, GST_MAP_WRITE);
      gst_buffer_extract(whole.get(), offset, map.data, size);
      gst_memory_unmap(memory, &map);
      gst_buffer_append_memory(in.get(), memory);
    }
    copy_metadata(whole.get(), in.get());
    ASSERT_EQ(bench.push(std::move(in)), GST_FLOW_OK);
    const BufferPtr out = bench.pull();
    ASSERT_NE(out, nullptr);
    EXPECT_EQ(faces_of(out.get()).size(), 1U);
    auto after = bytes_of(out.get());
    const auto difference =
        compare(bytes_of(whole.get()), after, face_bytes(info, out.get(), after));
    EXPECT_EQ(difference.outside, 0U);
    EXPECT_GT(difference.inside, some_bytes);
  }
}

TEST(Buffers, KeepTheirTimesFlagsAndOtherMetadata) {
  Bench bench;
  const GstVideoInfo info = video_info(*find_format("I420"), {320, 240});
  bench.set_caps(info);
  BufferPtr in = make_buffer(info, portrait().bgr);
  GST_BUFFER_PTS(in.get()) = 7 * GST_SECOND;
  GST_BUFFER_OFFSET(in.get()) = 175;
  GST_BUFFER_FLAG_SET(in.get(), GST_VIDEO_BUFFER_FLAG_TFF);
  gst_buffer_add_video_region_of_interest_meta(in.get(), "plate", 1, 2, 3, 4);
  ASSERT_EQ(bench.push(std::move(in)), GST_FLOW_OK);
  const BufferPtr out = bench.pull();
  ASSERT_NE(out, nullptr);
  EXPECT_EQ(GST_BUFFER_PTS(out.get()), 7 * GST_SECOND);
  EXPECT_EQ(GST_BUFFER_DURATION(out.get()), GST_SECOND / 25);
  EXPECT_EQ(GST_BUFFER_OFFSET(out.get()), 175U);
  EXPECT_TRUE(GST_BUFFER_FLAG_IS_SET(out.get(), GST_VIDEO_BUFFER_FLAG_TFF));
  EXPECT_EQ(gst_buffer_get_n_meta(out.get(), GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE), 2U);
}

}  // namespace
}  // namespace faceperturb::test
