// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rig.h"

#include <ctime>
#include <stdexcept>
#include <utility>

#include "samples.h"

namespace bench {
namespace {

double cpu_milliseconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

bool differ(GstBuffer* a, GstBuffer* b) {
  GstMapInfo map;
  if (!gst_buffer_map(a, &map, GST_MAP_READ)) return true;
  const bool result =
      gst_buffer_get_size(b) != map.size || gst_buffer_memcmp(b, 0, map.data, map.size) != 0;
  gst_buffer_unmap(a, &map);
  return result;
}

}  // namespace

Rig::Rig(Ptr<GstElement> element, GstCaps* caps)
    : element_(std::move(element)),
      bus_(gst_bus_new()),
      source_(gst_pad_new("source", GST_PAD_SRC)),
      sink_(gst_pad_new("sink", GST_PAD_SINK)) {
  gst_element_set_bus(element_.get(), bus_.get());
  gst_pad_set_chain_function(sink_.get(), take);
  gst_pad_set_element_private(sink_.get(), this);
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
  if (!gst_pad_push_event(source_.get(), gst_event_new_stream_start("bench")) ||
      !gst_pad_push_event(source_.get(), gst_event_new_caps(caps)) ||
      !gst_pad_push_event(source_.get(), gst_event_new_segment(&segment)))
    fail("does not take the format");
}

Rig::~Rig() {
  gst_element_set_state(element_.get(), GST_STATE_NULL);
  gst_element_set_bus(element_.get(), nullptr);
  gst_pad_set_active(source_.get(), FALSE);
  gst_pad_set_active(sink_.get(), FALSE);
}

Run Rig::push(const std::vector<GstBuffer*>& frames) {
  std::vector<Ptr<GstBuffer>> copies;
  for (GstBuffer* frame : frames) {
    copies.emplace_back(gst_buffer_copy_deep(frame));
    in_.emplace_back(gst_buffer_ref(frame));
  }
  Run run;
  const double cpu = cpu_milliseconds(CLOCK_PROCESS_CPUTIME_ID);
  const auto first = Clock::now();
  for (auto& copy : copies) {
    const double start = cpu_milliseconds(CLOCK_THREAD_CPUTIME_ID);
    const GstFlowReturn flow = gst_pad_push(source_.get(), copy.release());
    run.milliseconds.push_back(cpu_milliseconds(CLOCK_THREAD_CPUTIME_ID) - start);
    if (flow != GST_FLOW_OK) fail(std::string("says ") + gst_flow_get_name(flow));
  }
  run.wall_milliseconds = milliseconds(Clock::now() - first);
  run.cpu_milliseconds = cpu_milliseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  for (const auto& out : out_) {
    run.changed += differ(in_.front().get(), out.get());
    in_.pop_front();
  }
  out_.clear();
  return run;
}

GstFlowReturn Rig::take(GstPad* pad, GstObject*, GstBuffer* buffer) {
  static_cast<Rig*>(gst_pad_get_element_private(pad))->out_.emplace_back(buffer);
  return GST_FLOW_OK;
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
