// SPDX-License-Identifier: LGPL-2.1-or-later
// Frames that wait in the look-ahead: order, latency, events, pauses.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include "support/faces.h"
#include "support/gst.h"
#include "support/portraits.h"

namespace faceperturb::test {
namespace {

bool is_protected(GstBuffer* buffer) {
  static const auto clear = bytes_of(portrait_at(0).get());
  return faces_of(buffer).size() == 1 && bytes_of(buffer) != clear;
}

ElementPtr make_looking_ahead(int lookahead) {
  ElementPtr element = make_element();
  g_object_set(element.get(), "detect-interval", 3, "lookahead", lookahead, "hold", 500, nullptr);
  return element;
}

TEST(Lookahead, FramesComeOutInOrderAndAllOfThemByTheEndOfTheStream) {
  Bench bench(make_looking_ahead(7));
  bench.set_caps(i420());
  std::vector<GstClockTime> times;
  const auto collect = [&] {
    while (const BufferPtr out = bench.pull()) times.push_back(GST_BUFFER_PTS(out.get()));
  };
  for (guint i = 0; i < 12; ++i) {
    BufferPtr in = make_buffer(i420(), portrait().bgr);
    GST_BUFFER_PTS(in.get()) = i * 40 * GST_MSECOND;
    ASSERT_EQ(bench.push(std::move(in)), GST_FLOW_OK);
    collect();
    EXPECT_EQ(times.size(), i < 7 ? 0 : i - 6);
  }
  EXPECT_TRUE(gst_harness_push_event(bench.harness.get(), gst_event_new_eos()));
  collect();
  ASSERT_EQ(times.size(), 12U);
  EXPECT_TRUE(std::ranges::is_sorted(times));
  EXPECT_EQ(bench.stat("checked"), 12U);
  EXPECT_EQ(bench.stat("faces"), 12U);
}

TEST(Lookahead, LatencyIsReportedAndTrue) {
  for (const int lookahead : {0, 7}) {
    Bench bench(make_looking_ahead(lookahead));
    bench.set_caps(i420());
    gst_harness_set_upstream_latency(bench.harness.get(), 11 * GST_MSECOND);
    EXPECT_EQ(gst_harness_query_latency(bench.harness.get()),
              (11 + static_cast<GstClockTime>(lookahead) * 40 + 20) * GST_MSECOND)
        << "upstream's, the frames held back, and half a frame for the work";
  }
}

TEST(Lookahead, EventsKeepTheirPlaceBetweenFrames) {
  Bench bench(make_looking_ahead(3));
  bench.set_caps(i420());
  while (EventPtr(gst_harness_try_pull_event(bench.harness.get()))) continue;
  ASSERT_EQ(bench.push(make_buffer(i420(), portrait().bgr)), GST_FLOW_OK);
  EXPECT_TRUE(
      gst_harness_push_event(bench.harness.get(), gst_event_new_tag(gst_tag_list_new_empty())));
  EXPECT_EQ(gst_harness_try_pull_event(bench.harness.get()), nullptr) << "not before the frame";
  for (int i = 0; i < 4; ++i)
    ASSERT_EQ(bench.push(make_buffer(i420(), portrait().bgr)), GST_FLOW_OK);
  const EventPtr tag(gst_harness_try_pull_event(bench.harness.get()));
  ASSERT_NE(tag, nullptr);
  EXPECT_EQ(GST_EVENT_TYPE(tag.get()), GST_EVENT_TAG);
}

TEST(Lookahead, AFlushDropsWhatWaitsAndOtherCapsDrainIt) {
  Bench bench(make_looking_ahead(7));
  bench.set_caps(i420());
  for (int i = 0; i < 5; ++i)
    ASSERT_EQ(bench.push(make_buffer(i420(), portrait().bgr)), GST_FLOW_OK);
  gst_harness_push_event(bench.harness.get(), gst_event_new_flush_start());
  gst_harness_push_event(bench.harness.get(), gst_event_new_flush_stop(TRUE));
  EXPECT_EQ(bench.pull(), nullptr);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_harness_push_event(bench.harness.get(), gst_event_new_segment(&segment));
  for (int i = 0; i < 5; ++i)
    ASSERT_EQ(bench.push(make_buffer(i420(), portrait().bgr)), GST_FLOW_OK);
  bench.set_caps(video_info(*find_format("RGB"), {320, 240}));
  for (int i = 0; i < 5; ++i) EXPECT_NE(bench.pull(), nullptr) << i;
  EXPECT_EQ(bench.stat("covered"), 0U);
}

// What leaves an element, in order: "frame", "clear" or the name of an event.
struct Log {
  std::vector<std::string> entries;

  static GstPadProbeReturn add(GstPad*, GstPadProbeInfo* info, gpointer log) {
    GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    static_cast<Log*>(log)->entries.emplace_back(info->type & GST_PAD_PROBE_TYPE_BUFFER
                                                     ? is_protected(buffer) ? "frame" : "clear"
                                                     : GST_EVENT_TYPE_NAME(info->data));
    return GST_PAD_PROBE_OK;
  }
};

TEST(Gaps, FollowTheFramesBeforeThemAndProtectionGoesOn) {
  Bench bench(make_looking_ahead(7));
  bench.set_caps(i420());
  Log log;
  gst_pad_add_probe(
      bench.harness->sinkpad,
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
      Log::add, &log, nullptr);
  std::vector<std::string> expected;
  GstClockTime time = 0;
  const auto push = [&](int frames) {
    for (int i = 0; i < frames; ++i, time += 40 * GST_MSECOND) {
      ASSERT_EQ(bench.push(portrait_at(time)), GST_FLOW_OK);
      expected.emplace_back("frame");
    }
  };
  // Fewer than are looked ahead, none, more, and one gap right after another.
  for (const int frames : {5, 0, 12, 1}) {
    push(frames);
    EXPECT_TRUE(
        gst_harness_push_event(bench.harness.get(), gst_event_new_gap(time, 400 * GST_MSECOND)));
    expected.emplace_back("gap");
    EXPECT_EQ(log.entries, expected) << "nothing waits behind a gap";
    time += 400 * GST_MSECOND;
  }
  push(9);
  EXPECT_TRUE(gst_harness_push_event(bench.harness.get(), gst_event_new_eos()));
  expected.emplace_back("eos");
  EXPECT_EQ(log.entries, expected);
  EXPECT_EQ(bench.stat("checked") + bench.stat("held"), 27U);
}

// A pipeline that is fed and read by hand.
class Fed {
 public:
  explicit Fed(int lookahead) {
    const CapsPtr caps([] {
      const GstVideoInfo info = i420();
      return gst_video_info_to_caps(&info);
    }());
    GstElement* element = make_looking_ahead(lookahead).release();
    gst_bin_add_many(GST_BIN(pipeline_.get()), source_, element, sink_, nullptr);
    gst_object_unref(element);  // the pipeline has its own
    g_object_set(source_, "caps", caps.get(), "format", GST_FORMAT_TIME, nullptr);
    g_object_set(sink_, "sync", FALSE, nullptr);
    gst_element_link_many(source_, element, sink_, nullptr);
  }
  ~Fed() { set_state(GST_STATE_NULL); }

  // Not waited for: a sink without a frame does not come to PAUSED.
  void set_state(GstState state) { gst_element_set_state(pipeline_.get(), state); }
  void push(guint first, guint end) {
    for (guint i = first; i < end; ++i) {
      const BufferPtr buffer = portrait_at(i * 40 * GST_MSECOND);
      GstFlowReturn flow = GST_FLOW_ERROR;
      g_signal_emit_by_name(source_, "push-buffer", buffer.get(), &flow);
      EXPECT_EQ(flow, GST_FLOW_OK);
    }
  }
  void end() {
    GstFlowReturn flow;
    g_signal_emit_by_name(source_, "end-of-stream", &flow);
  }
  // Expects the next frame to be this one, protected.
  void expect(guint frame) {
    GstSample* sample = nullptr;
    g_signal_emit_by_name(sink_, "try-pull-sample", 10 * GST_SECOND, &sample);
    ASSERT_NE(sample, nullptr) << frame;
    GstBuffer* buffer = gst_sample_get_buffer(sample);
    EXPECT_EQ(GST_BUFFER_PTS(buffer), frame * 40 * GST_MSECOND);
    EXPECT_TRUE(is_protected(buffer)) << frame;
    gst_sample_unref(sample);
  }
  void expect_no_more(GstClockTime patience) {
    GstSample* sample = nullptr;
    g_signal_emit_by_name(sink_, "try-pull-sample", patience, &sample);
    EXPECT_EQ(sample, nullptr);
    if (sample) gst_sample_unref(sample);
  }

 private:
  ElementPtr pipeline_{gst_pipeline_new(nullptr)};
  GstElement* source_ = gst_element_factory_make("appsrc", nullptr);
  GstElement* sink_ = gst_element_factory_make("appsink", nullptr);
};

TEST(Pauses, LoseNoFrameAndLetNoneOutUnprotected) {
  Fed stream(7);
  stream.set_state(GST_STATE_PLAYING);
  guint pushed = 0, seen = 0;
  for (int pause = 0; pause < 4; ++pause) {
    stream.push(pushed, pushed + 10);
    pushed += 10;
    for (; seen + 7 < pushed; ++seen) stream.expect(seen);
    stream.set_state(GST_STATE_PAUSED);
    stream.push(pushed, pushed + 3);
    pushed += 3;
    stream.set_state(GST_STATE_PLAYING);
  }
  stream.end();
  for (; seen < pushed; ++seen) stream.expect(seen);
  stream.expect_no_more(GST_SECOND);
}

TEST(Pauses, ReadyForgetsWhatWaitsAndANewStreamIsProtected) {
  Fed stream(7);
  for (int run = 0; run < 3; ++run) {
    stream.set_state(GST_STATE_PLAYING);
    stream.push(0, 10);
    for (guint i = 0; i < 3; ++i) stream.expect(i);
    stream.set_state(GST_STATE_READY);
    stream.expect_no_more(0);
  }
  stream.set_state(GST_STATE_PLAYING);
  stream.push(0, 10);
  stream.end();
  for (guint i = 0; i < 10; ++i) stream.expect(i);
  stream.expect_no_more(GST_SECOND);
}

// How late the frames of a live source pass a pad, by the pipeline's clock, and how late the pad's
// answer to the LATENCY query says that they are at most.
class Delays {
 public:
  Delays(GstElement* pipeline, GstElement* element, const char* pad)
      : pipeline_(pipeline), pad_(gst_element_get_static_pad(element, pad)) {
    gst_pad_add_probe(pad_, GST_PAD_PROBE_TYPE_BUFFER, add, this, nullptr);
  }
  ~Delays() { gst_object_unref(pad_); }

  std::size_t count() const { return delays_.size(); }
  // Of `frames` frames from the `first` on.
  GstClockTimeDiff median(std::ptrdiff_t first, std::ptrdiff_t frames) {
    const auto begin = delays_.begin() + first;
    std::nth_element(begin, begin + frames / 2, begin + frames);
    return begin[frames / 2];
  }
  GstClockTimeDiff reported() const {
    GstQuery* query = gst_query_new_latency();
    EXPECT_TRUE(GST_PAD_IS_SRC(pad_) ? gst_pad_query(pad_, query)
                                     : gst_pad_peer_query(pad_, query));
    gboolean live = FALSE;
    GstClockTime least = 0;
    gst_query_parse_latency(query, &live, &least, nullptr);
    gst_query_unref(query);
    EXPECT_TRUE(live);
    return static_cast<GstClockTimeDiff>(least);
  }

 private:
  static GstPadProbeReturn add(GstPad*, GstPadProbeInfo* info, gpointer data) {
    auto* self = static_cast<Delays*>(data);
    const GstClockTime now = gst_element_get_current_running_time(self->pipeline_);
    self->delays_.push_back(GST_CLOCK_DIFF(GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info)), now));
    return GST_PAD_PROBE_OK;
  }

  GstElement* pipeline_;
  GstPad* pad_;
  std::vector<GstClockTimeDiff> delays_;
};

// Medians, and a little more, so that a busy machine's late frames do not count.
TEST(Latency, IsMeasuredAsItIsReported) {
  constexpr int rate = 25, measured_frames = 50;
  constexpr double frame = 1000.0 / rate;  // ms
  for (const auto& [settings, lookahead] :
       {std::pair{"lookahead=0 detect-interval=1 detector=hog min-face-size=120", 0},
        {"lookahead=4 detect-interval=2", 4},
        {"lookahead=15", 15}}) {
    SCOPED_TRACE(settings);
    const int warm_up = lookahead + 10, frames = warm_up + measured_frames + lookahead;
    const std::string description =
        "videotestsrc is-live=true num-buffers=" + std::to_string(frames) +
        " ! video/x-raw,format=I420,width=320,height=240,framerate=" + std::to_string(rate) +
        "/1 ! faceperturb name=f " + settings + " ! fakesink sync=false";
    const ElementPtr pipeline(
        GST_ELEMENT(gst_object_ref_sink(gst_parse_launch(description.c_str(), nullptr))));
    const ElementPtr element(gst_bin_get_by_name(GST_BIN(pipeline.get()), "f"));
    Delays in(pipeline.get(), element.get(), "sink"), out(pipeline.get(), element.get(), "src");
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
    const BusPtr bus(gst_element_get_bus(pipeline.get()));
    const MessagePtr end(gst_bus_timed_pop_filtered(
        bus.get(), 60 * GST_SECOND,
        static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
    ASSERT_NE(end, nullptr);
    ASSERT_EQ(GST_MESSAGE_TYPE(end.get()), GST_MESSAGE_EOS);
    const double reported = static_cast<double>(out.reported() - in.reported()) / GST_MSECOND;
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);

    // Not the frames of the start, and not those that the end of the stream let out.
    ASSERT_EQ(out.count(), static_cast<std::size_t>(frames));
    const double measured = static_cast<double>(out.median(warm_up, measured_frames) -
                                                in.median(warm_up, measured_frames)) /
                            GST_MSECOND;
    std::printf("lookahead %d: reported %.1f ms, measured %.1f ms (medians of %d frames)\n",
                lookahead, reported, measured, measured_frames);
    EXPECT_LE(measured, reported + frame / 8);
    EXPECT_LE(reported, measured + frame);
  }
}

}  // namespace
}  // namespace faceperturb::test
