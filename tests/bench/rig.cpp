// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rig.h"

#include <stdexcept>
#include <thread>
#include <utility>

#include "machine.h"

namespace bench {
namespace {

std::size_t differing(GstBuffer* a, GstBuffer* b) {
  GstMapInfo one, other;
  std::size_t count = 0;
  if (!gst_buffer_map(a, &one, GST_MAP_READ)) return 0;
  if (gst_buffer_map(b, &other, GST_MAP_READ)) {
    for (std::size_t i = 0; i < std::min(one.size, other.size); ++i)
      count += one.data[i] != other.data[i];
    gst_buffer_unmap(b, &other);
  }
  gst_buffer_unmap(a, &one);
  return count;
}

// Returns when the element's own threads have no more to do.
void settle() {
  constexpr auto pause = std::chrono::milliseconds(2);
  for (int i = 0; i < 500; ++i) {
    const double before = process_cpu_milliseconds();
    std::this_thread::sleep_for(pause);
    if (process_cpu_milliseconds() - before < 0.1) return;
  }
}

}  // namespace

Rig::Rig(Ptr<GstElement> element, const Clip& clip, bool live)
    : clip_(clip),
      live_(live),
      element_(std::move(element)),
      bus_(gst_bus_new()),
      source_(gst_pad_new("source", GST_PAD_SRC)),
      sink_(gst_pad_new("sink", GST_PAD_SINK)) {
  gst_element_set_bus(element_.get(), bus_.get());
  gst_pad_set_chain_function(sink_.get(), take);
  gst_pad_set_element_private(sink_.get(), this);
  gst_pad_set_query_function(source_.get(), answer);
  gst_pad_set_element_private(source_.get(), this);
  const Ptr<GstPad> in(gst_element_get_static_pad(element_.get(), "sink"));
  const Ptr<GstPad> out(gst_element_get_static_pad(element_.get(), "src"));
  gst_pad_set_active(source_.get(), TRUE);
  gst_pad_set_active(sink_.get(), TRUE);
  if (gst_pad_link(source_.get(), in.get()) != GST_PAD_LINK_OK ||
      gst_pad_link(out.get(), sink_.get()) != GST_PAD_LINK_OK)
    fail("cannot be linked");
  if (gst_element_set_state(element_.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
    fail("does not start");
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  const Ptr<GstCaps> caps = clip.caps();
  if (!gst_pad_push_event(source_.get(), gst_event_new_stream_start("bench")) ||
      !gst_pad_push_event(source_.get(), gst_event_new_caps(caps.get())) ||
      !gst_pad_push_event(source_.get(), gst_event_new_segment(&segment)))
    fail("does not take the format");
  GstQuery* latency = gst_query_new_latency();
  gst_pad_query(out.get(), latency);  // tells the element whether the stream is live
  gst_query_unref(latency);
}

Rig::~Rig() {
  gst_element_set_state(element_.get(), GST_STATE_NULL);
  gst_element_set_bus(element_.get(), nullptr);
  gst_pad_set_active(source_.get(), FALSE);
  gst_pad_set_active(sink_.get(), FALSE);
}

Ptr<GstBuffer> Rig::next_frame() {
  Ptr<GstBuffer> frame(gst_buffer_copy_deep(clip_.frame(next_)));
  GST_BUFFER_PTS(frame.get()) = gst_util_uint64_scale_int(next_, GST_SECOND, rate);
  GST_BUFFER_DURATION(frame.get()) = GST_SECOND / rate;
  in_.push_back({next_++, gst_buffer_peek_memory(frame.get(), 0)});
  return frame;
}

void Rig::push(Ptr<GstBuffer> frame) {
  const GstFlowReturn flow = gst_pad_push(source_.get(), frame.release());
  if (flow != GST_FLOW_OK) fail(std::string("says ") + gst_flow_get_name(flow));
}

Run Rig::push(int frames) {
  std::vector<Ptr<GstBuffer>> copies;
  for (int i = 0; i < frames; ++i) copies.push_back(next_frame());
  out_.reserve(static_cast<std::size_t>(frames) + in_.size());
  settle();
  Run run;
  run.milliseconds.reserve(copies.size());
  const double cpu = process_cpu_milliseconds();
  const auto first = Clock::now();
  for (auto& copy : copies) {
    const double start = thread_cpu_milliseconds();
    {
      const Counting counting;
      push(std::move(copy));
    }
    run.milliseconds.push_back(thread_cpu_milliseconds() - start);
    run.calls.allocations += Counting::calls().allocations;
    run.calls.copied += Counting::calls().copied;
  }
  run.wall_milliseconds = milliseconds(Clock::now() - first);
  settle();
  run.cpu_milliseconds = process_cpu_milliseconds() - cpu;
  for (const Arrived& out : out_) {
    run.changed += differing(clip_.frame(in_.front().number), out.buffer.get());
    run.in_place += gst_buffer_peek_memory(out.buffer.get(), 0) == in_.front().memory;
    in_.pop_front();
  }
  run.came_out = out_.size();
  out_.clear();
  return run;
}

std::vector<double> Rig::play(Clock::time_point start, double seconds, double from) {
  constexpr auto period = std::chrono::nanoseconds(std::chrono::seconds(1)) / rate;
  constexpr auto hopeless = std::chrono::seconds(2);
  const int frames = static_cast<int>(seconds * rate);
  const std::size_t first = next_;
  std::vector<double> late;
  for (int i = 0; i < frames; ++i) {
    Ptr<GstBuffer> frame = next_frame();
    std::this_thread::sleep_until(start + i * period);
    push(std::move(frame));
    if (Clock::now() - start - i * period > hopeless) return {};
    for (const Arrived& out : out_) {
      const auto number = gst_util_uint64_scale_int_round(GST_BUFFER_PTS(out.buffer.get()), rate,
                                                          GST_SECOND);  // some are dropped
      if (static_cast<double>(number) < static_cast<double>(first) + from * rate) continue;
      late.push_back(milliseconds(out.time - start - (number - first) * period));
    }
    out_.clear();
  }
  in_.clear();
  return late;
}

GstFlowReturn Rig::take(GstPad* pad, GstObject*, GstBuffer* buffer) {
  static_cast<Rig*>(gst_pad_get_element_private(pad))
      ->out_.push_back({Ptr<GstBuffer>(buffer), Clock::now()});
  return GST_FLOW_OK;
}

gboolean Rig::answer(GstPad* pad, GstObject* parent, GstQuery* query) {
  if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY) return gst_pad_query_default(pad, parent, query);
  const bool live = static_cast<Rig*>(gst_pad_get_element_private(pad))->live_;
  gst_query_set_latency(query, live, 0, GST_CLOCK_TIME_NONE);
  return TRUE;
}

void Rig::fail(const std::string& fault) {
  std::string text = GST_OBJECT_NAME(gst_element_get_factory(element_.get()));
  text += ": " + fault;
  if (GstMessage* message = gst_bus_pop_filtered(bus_.get(), GST_MESSAGE_ERROR)) {
    GError* error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    text += std::string(": ") + error->message;
    g_error_free(error);
    gst_message_unref(message);
  }
  throw std::runtime_error(text);
}

}  // namespace bench
