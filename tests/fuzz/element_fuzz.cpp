// SPDX-License-Identifier: LGPL-2.1-or-later
// Frames of every format through the element, laid out in memory in every way that a buffer can
// claim, whole or not, with faces anywhere: what lies outside of the memory is never touched, and
// what comes out with a face in it is not what went in.
#include <gst/check/gstharness.h>
#include <gst/video/video.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "frame/format.h"
#include "gstfaceperturb.h"
#include "perturb/methods.h"
#include "support/faces.h"

using namespace faceperturb;

namespace {

void check(bool holds) {
  if (!holds) __builtin_trap();
}

// The input as a list of decisions; zeros at its end.
class Choices {
 public:
  explicit Choices(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const std::uint8_t first = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return first;
  }
  /// Of 0 to count - 1.
  unsigned of(std::size_t count) { return static_cast<unsigned>(byte() % count); }
  guint32 word() {
    guint32 value = 0;
    for (int i = 0; i < 4; ++i) value = value << 8 | byte();
    return value;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

struct Shown {
  std::vector<std::uint8_t> bytes;
  bool has_face;
};

// A buffer's bytes, in pieces of memory that end where they say.
GstBuffer* buffer_of(std::span<const std::uint8_t> bytes, Choices& choices) {
  GstBuffer* buffer = gst_buffer_new();
  const std::size_t pieces = 1 + choices.of(4);
  const auto flags = static_cast<GstMemoryFlags>(choices.of(8) == 7 ? GST_MEMORY_FLAG_READONLY : 0);
  for (std::size_t i = 0; i < pieces; ++i) {
    const std::size_t from = bytes.size() * i / pieces, to = bytes.size() * (i + 1) / pieces;
    if (from == to) continue;
    auto* own = static_cast<std::uint8_t*>(std::malloc(to - from));
    std::ranges::copy(bytes.subspan(from, to - from), own);
    gst_buffer_append_memory(
        buffer, gst_memory_new_wrapped(flags, own, to - from, 0, to - from, own, std::free));
  }
  return buffer;
}

// What the buffer says of its layout: nothing, longer rows, or anything.
void lay_out(const GstVideoInfo& info, GstVideoInfo& said, Choices& choices) {
  said = info;
  const unsigned kind = choices.of(4);
  if (kind == 0) return;
  gsize offset = 0;
  for (guint p = 0; p < GST_VIDEO_INFO_N_PLANES(&info); ++p) {
    if (kind == 3) {
      said.offset[p] = choices.of(2) ? choices.word() : choices.byte();
      said.stride[p] = static_cast<gint>(choices.of(2) ? choices.word() : choices.byte());
    } else {
      said.offset[p] = offset;
      said.stride[p] = info.stride[p] + static_cast<gint>(choices.of(40));
      offset += static_cast<gsize>(said.stride[p]) * static_cast<gsize>(info.height);
    }
  }
  if (kind != 3) said.size = offset;
}

class Run {
 public:
  explicit Run(Choices& choices) : choices_(choices) {
    g_object_set(element_, "landmark-model", test::small_model().c_str(), "detect-interval",
                 1 + choices_.of(3), "lookahead", choices_.of(4), "hold", choices_.of(2) * 500,
                 nullptr);
    set("detector", "upstream");
    set_options();
    harness_ = gst_harness_new_with_element(element_, "sink", "src");
    set_caps();
  }
  ~Run() { gst_harness_teardown(harness_); }

  void step() {
    switch (choices_.of(8)) {
      case 0:
        set_caps();
        break;
      case 1:
        set_options();
        break;
      case 2:
        gst_harness_push_event(harness_, gst_event_new_flush_start());
        gst_harness_push_event(harness_, gst_event_new_flush_stop(TRUE));
        gst_harness_push_event(harness_, gst_event_new_segment(&harness_segment()));
        break;
      default:
        push();
        break;
    }
    take();
  }

  void end() {
    gst_harness_push_event(harness_, gst_event_new_eos());
    take();
  }

 private:
  void set(const char* property, const std::string& value) {
    gst_util_set_object_arg(G_OBJECT(element_), property, value.c_str());
  }

  void set_options() {
    const auto& all = methods();
    set("method", std::string(all[choices_.of(all.size())].name));
    constexpr const char* regions[] = {"eyes+nose+mouth", "eyes", "mouth", "face", "head"};
    set("regions", regions[choices_.of(std::size(regions))]);
    g_object_set(element_, "cell-size", 1 + choices_.of(3), "pixels",
                 choices_.of(2) * (200 + choices_.of(256)), "attach-meta", choices_.of(2), nullptr);
  }

  void set_caps() {
    const auto& format = formats()[choices_.of(formats().size())];
    gst_video_info_set_format(&info_, gst_video_format_from_string(format.name.data()),
                              16 + choices_.of(96), 16 + choices_.of(64));
    GST_VIDEO_INFO_FPS_N(&info_) = static_cast<gint>(choices_.of(61));
    gst_harness_set_src_caps(harness_, gst_video_info_to_caps(&info_));
  }

  static const GstSegment& harness_segment() {
    static const GstSegment segment = [] {
      GstSegment time;
      gst_segment_init(&time, GST_FORMAT_TIME);
      return time;
    }();
    return segment;
  }

  void push() {
    GstVideoInfo said;
    lay_out(info_, said, choices_);
    const gsize size = std::min<gsize>(said.size, 1 << 20);
    std::vector<std::uint8_t> bytes(
        size - std::min<gsize>(size, choices_.of(8) == 7 ? 1 + choices_.byte() : 0));
    // No two neighbours are alike, so that what is moved is seen to be.
    std::uint32_t next = 1 + choices_.byte();
    for (auto& byte : bytes)
      byte = static_cast<std::uint8_t>((next = next * 1664525 + 1013904223) >> 24);

    GstBuffer* buffer = buffer_of(bytes, choices_);
    if (!std::ranges::equal(said.stride, info_.stride) ||
        !std::ranges::equal(said.offset, info_.offset))
      gst_buffer_add_video_meta_full(buffer, GST_VIDEO_FRAME_FLAG_NONE,
                                     GST_VIDEO_INFO_FORMAT(&info_), static_cast<guint>(info_.width),
                                     static_cast<guint>(info_.height),
                                     GST_VIDEO_INFO_N_PLANES(&said), said.offset, said.stride);
    bool has_face = false;
    for (unsigned faces = choices_.of(4); faces > 0; --faces) {
      const bool anywhere = choices_.of(4) == 3;
      const auto number = [&] { return anywhere ? choices_.word() : choices_.byte(); };
      const guint x = number(), y = number(), width = number(), height = number();
      gst_buffer_add_video_region_of_interest_meta(buffer, "face", x, y, width, height);
      const auto inside = [](guint from, guint length, gint limit) {
        return length >= 32 && length <= static_cast<guint>(limit) &&
               from <= static_cast<guint>(limit) - length;
      };
      has_face = has_face || (inside(x, width, info_.width) && inside(y, height, info_.height) &&
                              width / 2 <= height && height / 2 <= width);
    }
    GST_BUFFER_PTS(buffer) = ++time_ * GST_MSECOND;
    if (choices_.of(8) == 7) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
    shown_[GST_BUFFER_PTS(buffer)] = {std::move(bytes), has_face};
    gst_harness_push(harness_, buffer);
  }

  // What came out.
  void take() {
    while (GstBuffer* buffer = gst_harness_try_pull(harness_)) {
      const auto in = shown_.find(GST_BUFFER_PTS(buffer));
      check(in != shown_.end());
      std::vector<std::uint8_t> out(gst_buffer_get_size(buffer));
      gst_buffer_extract(buffer, 0, out.data(), out.size());
      check(out.size() == in->second.bytes.size());
      if (in->second.has_face) check(out != in->second.bytes);
      gst_buffer_unref(buffer);
    }
  }

  Choices& choices_;
  GstElement* element_ = gst_element_factory_make("faceperturb", nullptr);
  GstHarness* harness_ = nullptr;
  GstVideoInfo info_{};
  guint64 time_ = 0;
  std::map<GstClockTime, Shown> shown_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool ready = [] {
    gst_init(nullptr, nullptr);
    // A refused buffer makes GStreamer and the element say so: it is what is looked for here.
    gst_debug_set_default_threshold(GST_LEVEL_NONE);
    g_log_set_default_handler([](const gchar*, GLogLevelFlags, const gchar*, gpointer) {}, nullptr);
    return GST_ELEMENT_REGISTER(faceperturb, nullptr);
  }();
  check(ready);
  Choices choices({data, size});
  Run run(choices);
  while (!choices.empty()) run.step();
  run.end();
  return 0;
}
