// SPDX-License-Identifier: LGPL-2.1-or-later
// The element in the course of a stream: states, events, caps, results.
#include <gtest/gtest.h>

#include <fstream>

#include "support/faces.h"
#include "support/gst.h"
#include "support/portraits.h"

namespace faceperturb::test {
namespace {

// Pushes the portrait and expects it to come out protected.
void expect_protected(Bench& bench, GstClockTime time = 0) {
  BufferPtr in = portrait_at(time);
  const auto before = bytes_of(in.get());
  ASSERT_EQ(bench.push(std::move(in)), GST_FLOW_OK);
  const BufferPtr out = bench.pull();
  ASSERT_NE(out, nullptr);
  EXPECT_EQ(faces_of(out.get()).size(), 1U);
  EXPECT_FALSE(bytes_of(out.get()) == before);
}

TEST(Caps, PassOnEveryFormatWithoutAConverter) {
  Bench bench;
  for (const auto& format : formats()) {
    const GstVideoInfo info = video_info(format, {320, 240});
    const CapsPtr caps(gst_video_info_to_caps(&info));
    EXPECT_TRUE(gst_pad_query_accept_caps(GST_BASE_TRANSFORM_SINK_PAD(bench.element), caps.get()))
        << format.name;
    bench.set_caps(info);
    const CapsPtr out(gst_pad_get_current_caps(bench.harness->sinkpad));
    ASSERT_NE(out, nullptr);
    EXPECT_TRUE(gst_caps_is_equal(caps.get(), out.get())) << format.name;
  }
}

TEST(Caps, TooSmallOrOfAnotherFormatAreNotNegotiated) {
  Bench bench;
  for (const char* text :
       {"video/x-raw,format=I420,width=15,height=16,framerate=25/1",
        "video/x-raw,format=I420,width=16,height=15,framerate=25/1",
        "video/x-raw,format=v210,width=320,height=240,framerate=25/1",
        "video/x-raw(memory:DMABuf),format=I420,width=320,height=240,framerate=25/1",
        "video/x-h264,width=320,height=240,framerate=25/1"}) {
    SCOPED_TRACE(text);
    const CapsPtr caps(gst_caps_from_string(text));
    GstPad* sink = gst_element_get_static_pad(bench.element, "sink");
    EXPECT_FALSE(gst_pad_query_accept_caps(sink, caps.get()));
    gst_object_unref(sink);
    GstPad* pad = bench.harness->srcpad;
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_pad_push_event(pad, gst_event_new_stream_start("test"));
    gst_pad_push_event(pad, gst_event_new_caps(caps.get()));
    gst_pad_push_event(pad, gst_event_new_segment(&segment));
    EXPECT_EQ(gst_pad_push(pad, portrait_at(0).release()), GST_FLOW_NOT_NEGOTIATED);
    EXPECT_EQ(bench.pull(), nullptr);
  }
}

TEST(Caps, NoneMeansThatNoBufferPasses) {
  Bench bench;
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_pad_push_event(bench.harness->srcpad, gst_event_new_stream_start("test"));
  gst_pad_push_event(bench.harness->srcpad, gst_event_new_segment(&segment));
  EXPECT_LT(gst_pad_push(bench.harness->srcpad, portrait_at(0).release()), GST_FLOW_OK);
  EXPECT_EQ(bench.pull(), nullptr);
}

TEST(Events, GoDownstreamInOrder) {
  Bench bench;
  bench.set_caps(i420());
  expect_protected(bench);
  while (GstEvent* event = gst_harness_try_pull_event(bench.harness.get())) gst_event_unref(event);

  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = segment.position = segment.time = 5 * GST_SECOND;
  gst_harness_push_event(bench.harness.get(), gst_event_new_flush_start());
  gst_harness_push_event(bench.harness.get(), gst_event_new_flush_stop(TRUE));
  gst_harness_push_event(bench.harness.get(), gst_event_new_segment(&segment));
  gst_harness_push_event(bench.harness.get(),
                         gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, "title", nullptr)));
  gst_harness_push_event(bench.harness.get(), gst_event_new_gap(6 * GST_SECOND, GST_SECOND));
  expect_protected(bench, 8 * GST_SECOND);
  gst_harness_push_event(bench.harness.get(), gst_event_new_eos());

  for (const auto type : {GST_EVENT_FLUSH_START, GST_EVENT_FLUSH_STOP, GST_EVENT_SEGMENT,
                          GST_EVENT_TAG, GST_EVENT_GAP, GST_EVENT_EOS}) {
    const EventPtr event(gst_harness_try_pull_event(bench.harness.get()));
    ASSERT_NE(event, nullptr) << gst_event_type_get_name(type);
    EXPECT_STREQ(GST_EVENT_TYPE_NAME(event.get()), gst_event_type_get_name(type));
  }
  EXPECT_EQ(gst_harness_try_pull_event(bench.harness.get()), nullptr);
  EXPECT_EQ(bench.push(portrait_at(9 * GST_SECOND)), GST_FLOW_EOS);
}

TEST(Events, PicturesAmongTheTagsEndHere) {
  Bench bench;
  bench.set_caps(i420());
  expect_protected(bench);
  while (GstEvent* event = gst_harness_try_pull_event(bench.harness.get())) gst_event_unref(event);
  const BufferPtr cover = portrait_at(0);
  GstSample* sample = gst_sample_new(cover.get(), nullptr, nullptr, nullptr);
  GstTagList* tags = gst_tag_list_new(GST_TAG_TITLE, "title", GST_TAG_IMAGE, sample, nullptr);
  for (const char* tag :
       {GST_TAG_IMAGE, GST_TAG_PREVIEW_IMAGE, GST_TAG_ATTACHMENT, GST_TAG_APPLICATION_DATA})
    gst_tag_list_add(tags, GST_TAG_MERGE_APPEND, tag, sample, nullptr);
  gst_tag_list_set_scope(tags, GST_TAG_SCOPE_GLOBAL);
  gst_sample_unref(sample);
  gst_harness_push_event(bench.harness.get(), gst_event_new_tag(tags));
  const EventPtr event(gst_harness_try_pull_event(bench.harness.get()));
  ASSERT_NE(event, nullptr);
  GstTagList* left = nullptr;
  gst_event_parse_tag(event.get(), &left);
  GstTagList* expected = gst_tag_list_new(GST_TAG_TITLE, "title", nullptr);
  gst_tag_list_set_scope(expected, GST_TAG_SCOPE_GLOBAL);
  EXPECT_TRUE(gst_tag_list_is_equal(left, expected));
  gst_tag_list_unref(expected);
}

TEST(Events, SeeksAndKeyUnitRequestsGoUpstream) {
  Bench bench;
  bench.set_caps(i420());
  while (GstEvent* event = gst_harness_try_pull_upstream_event(bench.harness.get()))
    gst_event_unref(event);
  gst_harness_push_upstream_event(
      bench.harness.get(),
      gst_event_new_seek(1, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET, GST_SECOND,
                         GST_SEEK_TYPE_NONE, GST_CLOCK_TIME_NONE));
  gst_harness_push_upstream_event(bench.harness.get(), gst_video_event_new_upstream_force_key_unit(
                                                           GST_CLOCK_TIME_NONE, TRUE, 1));
  for (const auto type : {GST_EVENT_SEEK, GST_EVENT_CUSTOM_UPSTREAM}) {
    const EventPtr event(gst_harness_try_pull_upstream_event(bench.harness.get()));
    ASSERT_NE(event, nullptr);
    EXPECT_EQ(GST_EVENT_TYPE(event.get()), type);
  }
}

TEST(Events, LateFramesAreDroppedNotPassed) {
  Bench bench;
  bench.set_caps(i420());
  expect_protected(bench);
  gst_harness_push_upstream_event(
      bench.harness.get(),
      gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, .1, GST_SECOND, 10 * GST_SECOND));
  EXPECT_EQ(bench.push(portrait_at(5 * GST_SECOND)), GST_FLOW_OK);
  EXPECT_EQ(bench.pull(), nullptr);
  expect_protected(bench, 60 * GST_SECOND);
}

TEST(States, RestartAsOftenAsWanted) {
  const ElementPtr element = make_element();
  for (int run = 0; run < 4; ++run) {
    Bench bench{ElementPtr(GST_ELEMENT(gst_object_ref(element.get())))};
    bench.set_caps(i420());
    expect_protected(bench);
    expect_protected(bench);
    EXPECT_EQ(bench.stat("frames"), 2U) << "run " << run;
  }
  for (const auto state : {GST_STATE_READY, GST_STATE_NULL, GST_STATE_PAUSED, GST_STATE_READY,
                           GST_STATE_PLAYING, GST_STATE_NULL, GST_STATE_NULL})
    EXPECT_NE(gst_element_set_state(element.get(), state), GST_STATE_CHANGE_FAILURE);
}

// A model that cannot be used, and what must be said of it.
TEST(States, WithoutAModelReadyIsRefusedAndTheErrorSaysWhy) {
  const TemporaryFolder folder;
  const auto text = folder / "text.dat", five = folder / "five.dat";
  std::ofstream(text) << "no model";
  write_model(five, 5);
  for (const std::string& file :
       {std::string("/nowhere/model.dat"), (folder / ".").string(), text.string(), five.string()}) {
    SCOPED_TRACE(file);
    const ElementPtr element = make_element();
    const BusPtr bus(gst_bus_new());
    gst_element_set_bus(element.get(), bus.get());
    for (const auto state : {GST_STATE_READY, GST_STATE_PLAYING}) {
      g_object_set(element.get(), "landmark-model", file.c_str(), nullptr);
      EXPECT_EQ(gst_element_set_state(element.get(), state), GST_STATE_CHANGE_FAILURE);
      const MessagePtr message = pop_message(bus.get(), GST_MESSAGE_ERROR);
      ASSERT_NE(message, nullptr);
      const std::string error = error_text(message.get());
      for (const auto& part : {std::string("landmark-model"), file, std::string("libdlib-data")})
        EXPECT_NE(error.find(part), std::string::npos) << part << " is not in: " << error;
    }
    // With a good file the same element works.
    g_object_set(element.get(), "landmark-model", small_model().c_str(), nullptr);
    EXPECT_EQ(gst_element_set_state(element.get(), GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
    gst_element_set_state(element.get(), GST_STATE_NULL);
    gst_element_set_bus(element.get(), nullptr);
  }
}

TEST(States, AnEmptyModelNameIsAnErrorToo) {
  const ElementPtr element = make_element();
  g_object_set(element.get(), "landmark-model", "", nullptr);
  EXPECT_EQ(gst_element_set_state(element.get(), GST_STATE_READY), GST_STATE_CHANGE_FAILURE);
}

TEST(States, TheDefaultModelIsFound) {
  const ElementPtr element = make_plain_element();
  EXPECT_EQ(gst_element_set_state(element.get(), GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
  gst_element_set_state(element.get(), GST_STATE_NULL);
}

TEST(Results, StatsCountFramesAndFaces) {
  Bench bench;
  bench.set_caps(i420());
  for (int i = 0; i < 3; ++i) expect_protected(bench);
  ASSERT_EQ(bench.push(make_buffer(i420(), cv::Mat(240, 320, CV_8UC3, cv::Scalar(90, 90, 90)))),
            GST_FLOW_OK);
  for (const auto& [name, value] : {std::pair{"frames", 4U},
                                    {"faces", 3U},
                                    {"checked", 4U},
                                    {"held", 0U},
                                    {"covered", 0U},
                                    {"dropped", 0U}})
    EXPECT_EQ(bench.stat(name), value) << name;
  for (const char* name : {"detect-time", "track-time", "perturb-time"})
    EXPECT_GT(bench.stat(name), 0U) << name;
}

TEST(Results, RegionsOfInterestSayWhereTheFaceIs) {
  Bench bench;
  bench.set_caps(i420());
  ASSERT_EQ(bench.push(portrait_at(0)), GST_FLOW_OK);
  const BufferPtr out = bench.pull();
  ASSERT_NE(out, nullptr);
  const auto faces = faces_of(out.get());
  ASSERT_EQ(faces.size(), 1U);
  const auto& roi = *faces[0];
  EXPECT_LE(roi.x + roi.w, 320U);
  EXPECT_LE(roi.y + roi.h, 240U);
  EXPECT_GT(overlap({static_cast<float>(roi.x), static_cast<float>(roi.y),
                     static_cast<float>(roi.w), static_cast<float>(roi.h)},
                    portrait().faces[0].box),
            .4F);
  GstStructure* params = gst_video_region_of_interest_meta_get_param(faces[0], "faceperturb");
  ASSERT_NE(params, nullptr);
  gdouble confidence = 0;
  EXPECT_TRUE(gst_structure_get_double(params, "confidence", &confidence));
  EXPECT_GT(confidence, 0);
  EXPECT_STREQ(gst_structure_get_string(params, "state"), "checked");

  bench.set("attach-meta", FALSE);
  ASSERT_EQ(bench.push(portrait_at(0)), GST_FLOW_OK);
  EXPECT_TRUE(faces_of(bench.pull().get()).empty());
  EXPECT_EQ(bench.stat("faces"), 2U);
}

TEST(Results, MessagesTellEveryFramesFaces) {
  Bench bench;
  bench.set_caps(i420());
  expect_protected(bench);
  EXPECT_EQ(pop_message(bench.bus.get(), GST_MESSAGE_ELEMENT), nullptr) << "nobody asked for it";
  bench.set("post-messages", TRUE);
  for (const GstClockTime time : {GST_SECOND, 2 * GST_SECOND}) {
    expect_protected(bench, time);
    const MessagePtr message = pop_message(bench.bus.get(), GST_MESSAGE_ELEMENT);
    ASSERT_NE(message, nullptr);
    const GstStructure* structure = gst_message_get_structure(message.get());
    EXPECT_STREQ(gst_structure_get_name(structure), "faceperturb");
    for (const char* name : {"timestamp", "stream-time", "running-time"}) {
      guint64 value = 0;
      EXPECT_TRUE(gst_structure_get_uint64(structure, name, &value)) << name;
      EXPECT_EQ(value, time) << name;
    }
    EXPECT_STREQ(gst_structure_get_string(structure, "state"), "checked");
    const GValue* faces = gst_structure_get_value(structure, "faces");
    ASSERT_NE(faces, nullptr);
    ASSERT_EQ(gst_value_list_get_size(faces), 1U);
    const GstStructure* face = gst_value_get_structure(gst_value_list_get_value(faces, 0));
    gint width = 0;
    EXPECT_TRUE(gst_structure_get_int(face, "width", &width));
    EXPECT_NEAR(static_cast<float>(width), portrait().faces[0].box.width,
                portrait().faces[0].box.width / 2);
    EXPECT_EQ(pop_message(bench.bus.get(), GST_MESSAGE_ELEMENT), nullptr);
  }
}

// A face that is no place in the picture: one way in which a frame cannot be checked.
TEST(Unchecked, FramesAreCoveredDroppedOrAnError) {
  for (const char* choice : {"cover", "drop", "error"}) {
    SCOPED_TRACE(choice);
    ElementPtr element = make_element();
    gst_util_set_object_arg(G_OBJECT(element.get()), "detector", "upstream");
    gst_util_set_object_arg(G_OBJECT(element.get()), "on-unchecked", choice);
    g_object_set(element.get(), "post-messages", TRUE, nullptr);
    Bench bench(std::move(element));
    bench.set_caps(i420());
    BufferPtr in = make_buffer(i420(), cv::Mat(240, 320, CV_8UC3, cv::Scalar(255, 255, 255)));
    gst_buffer_add_video_region_of_interest_meta(in.get(), "face", 0, 0, G_MAXUINT, G_MAXUINT);
    const GstFlowReturn flow = bench.push(std::move(in));
    const BufferPtr out = bench.pull();
    const MessagePtr error = pop_message(bench.bus.get(), GST_MESSAGE_ERROR);
    const std::string what = choice;
    EXPECT_EQ(flow, what == "error" ? GST_FLOW_ERROR : GST_FLOW_OK);
    EXPECT_EQ(error != nullptr, what == "error");
    EXPECT_EQ(out != nullptr, what == "cover");
    if (out) {
      EXPECT_LE(cv::norm(picture_of(i420(), out.get()), cv::NORM_INF), 2) << "must be black";
    }
    EXPECT_EQ(bench.stat("frames"), 1U);
    EXPECT_EQ(bench.stat("faces"), 0U);
    EXPECT_EQ(bench.stat("checked"), 0U);
    EXPECT_EQ(bench.stat("covered"), what == "cover" ? 1U : 0U);
    EXPECT_EQ(bench.stat("dropped"), what == "cover" ? 0U : 1U);
    if (what == "error") continue;
    // The next frame is looked at again.
    ASSERT_EQ(bench.push(make_buffer(i420(), portrait().bgr)), GST_FLOW_OK);
    EXPECT_EQ(bench.stat("checked"), 1U);
  }
}

TEST(Upstream, TheFacesOfOtherElementsAreProtected) {
  ElementPtr element = make_element();
  gst_util_set_object_arg(G_OBJECT(element.get()), "detector", "upstream");
  Bench bench(std::move(element));
  bench.set_caps(i420());
  const cv::Mat& picture = portrait().bgr;
  BufferPtr in = make_buffer(i420(), picture);
  const auto before = bytes_of(in.get());
  gst_buffer_add_video_region_of_interest_meta(in.get(), "person", 0, 0, 320, 240);
  gst_buffer_add_video_region_of_interest_meta(in.get(), "face", 100, 60, 80, 80);
  ASSERT_EQ(bench.push(std::move(in)), GST_FLOW_OK);
  const BufferPtr out = bench.pull();
  EXPECT_FALSE(bytes_of(out.get()) == before);
  EXPECT_EQ(bench.stat("faces"), 1U);
}

// The property counts in NULL and READY only; set later it must neither crash nor let faces pass.
TEST(Upstream, TheDetectorStaysAsItWasStarted) {
  for (const bool upstream : {true, false}) {
    ElementPtr element = make_element();
    gst_util_set_object_arg(G_OBJECT(element.get()), "detector", upstream ? "upstream" : "hog");
    Bench bench(std::move(element));
    bench.set_caps(i420());
    gst_util_set_object_arg(G_OBJECT(bench.element), "detector", upstream ? "hog" : "upstream");
    ASSERT_EQ(bench.push(make_buffer(i420(), portrait().bgr)), GST_FLOW_OK);
    EXPECT_EQ(bench.stat("faces"), upstream ? 0U : 1U);
  }
}

}  // namespace
}  // namespace faceperturb::test
