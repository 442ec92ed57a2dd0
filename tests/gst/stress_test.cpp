// SPDX-License-Identifier: LGPL-2.1-or-later
// Faults and haste: whatever happens, no deadlock, no growth of memory, no unchecked frame.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <opencv2/core.hpp>
#include <random>
#include <thread>
#include <vector>

#include "support/faces.h"
#include "support/gst.h"
#include "support/memory.h"
#include "support/portraits.h"

namespace faceperturb::test {
namespace {

struct Started {
  explicit Started(const std::string& description) {
    GError* error = nullptr;
    pipeline.reset(gst_parse_launch(description.c_str(), &error));
    if (error) throw std::runtime_error(error->message);
    element.reset(gst_bin_get_by_name(GST_BIN(pipeline.get()), "f"));
    g_object_set(element.get(), "landmark-model", small_model().c_str(), nullptr);
    bus.reset(gst_element_get_bus(pipeline.get()));
  }
  ~Started() { gst_element_set_state(pipeline.get(), GST_STATE_NULL); }

  /// Waits for the state, or the end of the stream; false at an error or after a minute.
  bool wait(GstMessageType type) {
    const MessagePtr message(gst_bus_timed_pop_filtered(
        bus.get(), 60 * GST_SECOND, static_cast<GstMessageType>(type | GST_MESSAGE_ERROR)));
    return message && GST_MESSAGE_TYPE(message.get()) == type;
  }
  guint64 stat(const char* name) const {
    GstStructure* stats = nullptr;
    g_object_get(element.get(), "stats", &stats, nullptr);
    const StructurePtr owned(stats);
    guint64 value = 0;
    gst_structure_get_uint64(stats, name, &value);
    return value;
  }

  ElementPtr pipeline;
  ElementPtr element;
  BusPtr bus;
};

TEST(Stress, AThousandStartsAndStopsTakeNoMemory) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the address sanitizer keeps what is freed";
#endif
  Started run(
      "videotestsrc ! video/x-raw,width=64,height=64 ! faceperturb name=f"
      " detector=upstream ! fakesink");
  long after_hundred = 0;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_NE(gst_element_set_state(run.pipeline.get(), GST_STATE_PLAYING),
              GST_STATE_CHANGE_FAILURE);
    if (i % 10 == 0) {
      ASSERT_EQ(gst_element_get_state(run.pipeline.get(), nullptr, nullptr, 60 * GST_SECOND),
                GST_STATE_CHANGE_SUCCESS);
    }
    gst_element_set_state(run.pipeline.get(), GST_STATE_NULL);
    if (i == 100) after_hundred = resident_kilobytes();
  }
  EXPECT_LT(resident_kilobytes() - after_hundred, 20 * 1024);
}

TEST(Stress, HalfAMinuteOfFramesTakesNoMemory) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the address sanitizer keeps what is freed";
#endif
  ElementPtr element = make_plain_element();
  g_object_set(element.get(), "landmark-model", small_model().c_str(), "post-messages", TRUE,
               nullptr);
  gst_util_set_object_arg(G_OBJECT(element.get()), "detector", "upstream");
  Bench bench(std::move(element));
  const GstVideoInfo info = video_info(*find_format("I420"), {160, 120});
  bench.set_caps(info);
  const BufferPtr frame = make_buffer(info, portrait().bgr);
  long before = 0;
  for (int i = 0; i < 900; ++i) {
    BufferPtr in(gst_buffer_copy_deep(frame.get()));
    GST_BUFFER_PTS(in.get()) = static_cast<GstClockTime>(i) * 33 * GST_MSECOND;
    // Faces that come, go and jump: tracks that start, are held and end.
    for (int face = 0; face < i / 7 % 4; ++face)
      gst_buffer_add_video_region_of_interest_meta(
          in.get(), "face", static_cast<guint>(5 + i / 30 % 3 * 20 + face * 25), 30, 24, 24);
    ASSERT_EQ(bench.push(std::move(in)), GST_FLOW_OK);
    while (const BufferPtr out = bench.pull()) continue;
    while (const MessagePtr message{gst_bus_pop(bench.bus.get())}) continue;
    if (i == 200) before = resident_kilobytes();
  }
  EXPECT_LT(resident_kilobytes() - before, 4 * 1024);
}

// What goes in has a face in every frame, and what comes out must not be what went in.
struct Watched {
  std::mutex mutex;
  std::vector<std::uint8_t> clear;
  int frames = 0, leaks = 0;

  static GstPadProbeReturn in(GstPad*, GstPadProbeInfo* info, gpointer data) {
    auto* self = static_cast<Watched*>(data);
    GstBuffer* buffer = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
    gst_buffer_add_video_region_of_interest_meta(buffer, "face", 20, 20, 56, 56);
    GST_PAD_PROBE_INFO_DATA(info) = buffer;
    const std::lock_guard lock(self->mutex);
    if (self->clear.empty()) self->clear = bytes_of(buffer);
    return GST_PAD_PROBE_OK;
  }
  static GstPadProbeReturn out(GstPad*, GstPadProbeInfo* info, gpointer data) {
    auto* self = static_cast<Watched*>(data);
    const std::lock_guard lock(self->mutex);
    ++self->frames;
    self->leaks += bytes_of(GST_PAD_PROBE_INFO_BUFFER(info)) == self->clear;
    return GST_PAD_PROBE_OK;
  }
};

// For a thread sanitizer above all.
TEST(Stress, SettingsAndStatesChangeAtRandom) {
  cv::setNumThreads(1);  // a sanitizer does not see how OpenCV's threads wait for each other
  constexpr int turns = 60;
  Started run(
      "videotestsrc pattern=gradient ! video/x-raw,format=I420,width=96,height=96,framerate=25/1"
      " ! faceperturb name=f ! fakesink");
  Watched watched;
  const auto watch = [&](const char* name, GstPadProbeCallback probe) {
    GstPad* pad = gst_element_get_static_pad(run.element.get(), name);
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, probe, &watched, nullptr);
    gst_object_unref(pad);
  };
  watch("sink", Watched::in);
  watch("src", Watched::out);
  const auto set = [&](const char* property, const char* value) {
    gst_util_set_object_arg(G_OBJECT(run.element.get()), property, value);
  };
  set("detector", "upstream");

  std::atomic<bool> finished = false;
  std::thread turner([&] {
    constexpr const char* knobs[][2] = {{"pixels", "0"},
                                        {"pixels", "900"},
                                        {"cell-size", "1"},
                                        {"cell-size", "4"},
                                        {"regions", "head"},
                                        {"regions", "eyes+nose"},
                                        {"method", "shuffle"},
                                        {"method", "occlude"},
                                        {"method", "noise"},
                                        {"on-unchecked", "drop"},
                                        {"min-face-size", "60"},
                                        {"min-face-size", "0"},
                                        {"attach-meta", "false"},
                                        {"attach-meta", "true"},
                                        {"post-messages", "true"},
                                        {"lookahead", "0"},
                                        {"lookahead", "12"},
                                        {"detect-interval", "2"},
                                        {"hold", "0"},
                                        {"hold", "400"},
                                        {"post-messages", "false"}};
    std::mt19937 random(1);
    while (!finished) {
      const auto& knob = knobs[random() % std::size(knobs)];
      set(knob[0], knob[1]);
      run.stat("frames");
      std::this_thread::yield();
    }
  });
  std::mt19937 random(2);
  for (int i = 0; i < turns; ++i) {
    constexpr GstState states[] = {GST_STATE_NULL, GST_STATE_READY, GST_STATE_PAUSED};
    gst_element_set_state(run.pipeline.get(), GST_STATE_PLAYING);
    g_usleep(random() % 20000);
    if (random() % 2)
      gst_element_seek_simple(run.pipeline.get(), GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
                              static_cast<gint64>(random() % 9) * GST_SECOND);
    g_usleep(random() % 20000);
    gst_element_set_state(run.pipeline.get(), states[random() % std::size(states)]);
  }
  gst_element_set_state(run.pipeline.get(), GST_STATE_NULL);
  finished = true;
  turner.join();
  EXPECT_EQ(MessagePtr(gst_bus_pop_filtered(run.bus.get(), GST_MESSAGE_ERROR)), nullptr);
  EXPECT_GT(watched.frames, turns);
  EXPECT_EQ(watched.leaks, 0);
}

TEST(Stress, ASeekStormEnds) {
  Started run(
      "videotestsrc num-buffers=400 ! video/x-raw,format=I420,width=160,height=120"
      ",framerate=25/1 ! faceperturb name=f ! fakesink");
  gst_element_set_state(run.pipeline.get(), GST_STATE_PAUSED);
  ASSERT_EQ(gst_element_get_state(run.pipeline.get(), nullptr, nullptr, 60 * GST_SECOND),
            GST_STATE_CHANGE_SUCCESS);
  gst_element_set_state(run.pipeline.get(), GST_STATE_PLAYING);
  std::mt19937 random(1);
  for (int i = 0; i < 100; ++i)
    gst_element_seek_simple(
        run.pipeline.get(), GST_FORMAT_TIME,
        static_cast<GstSeekFlags>(GST_SEEK_FLAG_FLUSH | (i % 2 ? GST_SEEK_FLAG_KEY_UNIT : 0)),
        static_cast<gint64>(random() % 15) * GST_SECOND);
  EXPECT_TRUE(run.wait(GST_MESSAGE_EOS));
  EXPECT_EQ(run.stat("covered"), 0U);
}

TEST(Stress, FormatAndSizeMayChangeAtEveryFrame) {
  ElementPtr element = make_element();
  g_object_set(element.get(), "detect-interval", 3, "lookahead", 7, nullptr);
  Bench bench(std::move(element));
  std::mt19937 random(2);
  int in = 0, out = 0;
  for (int i = 0; i < 120; ++i) {
    const auto& format = formats()[random() % formats().size()];
    const Size size{16 + static_cast<int>(random() % 200), 16 + static_cast<int>(random() % 200)};
    const GstVideoInfo info = video_info(format, size);
    bench.set_caps(info);
    for (unsigned k = random() % 4; k > 0; --k, ++in)
      ASSERT_EQ(bench.push(make_buffer(info, portrait().bgr)), GST_FLOW_OK) << i;
    while (const BufferPtr buffer = bench.pull()) ++out;
  }
  gst_harness_push_event(bench.harness.get(), gst_event_new_eos());
  while (const BufferPtr buffer = bench.pull()) ++out;
  EXPECT_EQ(in, out);
  EXPECT_EQ(bench.stat("checked") + bench.stat("held"), static_cast<guint64>(in));
}

TEST(Stress, TwoHundredFacesAreAllProtected) {
  ElementPtr element = make_element();
  gst_util_set_object_arg(G_OBJECT(element.get()), "detector", "upstream");
  gst_util_set_object_arg(G_OBJECT(element.get()), "regions", "face");
  Bench bench(std::move(element));
  const GstVideoInfo info = video_info(*find_format("GRAY8"), {800, 400});
  bench.set_caps(info);
  cv::Mat noise(400, 800, CV_8UC3);
  cv::RNG(3).fill(noise, cv::RNG::UNIFORM, 0, 255);
  BufferPtr in = make_buffer(info, noise);
  const auto before = bytes_of(in.get());
  for (guint i = 0; i < 200; ++i)
    gst_buffer_add_video_region_of_interest_meta(in.get(), "face", i % 20 * 40 + 4, i / 20 * 40 + 4,
                                                 32, 32);
  ASSERT_EQ(bench.push(std::move(in)), GST_FLOW_OK);
  EXPECT_EQ(bench.stat("faces"), 200U);
  const BufferPtr out = bench.pull();
  const auto after = bytes_of(out.get());
  for (std::size_t i = 0; i < 200; ++i) {
    int changed = 0;
    for (std::size_t y = 0; y < 16; ++y)
      for (std::size_t x = 0; x < 16; ++x) {
        const std::size_t at = (i / 20 * 40 + 12 + y) * 800 + i % 20 * 40 + 12 + x;
        changed += before[at] != after[at];
      }
    EXPECT_GT(changed, 200) << "face " << i;
  }
}

// A live source is never slowed down or queued, and what the detector could not see is covered.
TEST(Stress, ALiveStreamWithAHopelessDetectorIsCoveredNotPassed) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "with the thread sanitizer one detection takes many seconds";
#endif
  Started run(
      "videotestsrc is-live=true num-buffers=60 ! "
      "video/x-raw,format=I420,width=640,height=480,framerate=30/1 ! faceperturb name=f"
      " detector=hog min-face-size=28 lookahead=10 qos=false ! fakesink");
  const auto start = g_get_monotonic_time();
  gst_element_set_state(run.pipeline.get(), GST_STATE_PLAYING);
  ASSERT_TRUE(run.wait(GST_MESSAGE_EOS));
  EXPECT_EQ(run.stat("frames"), 60U);
  EXPECT_GT(run.stat("covered"), 20U);
  EXPECT_LT(g_get_monotonic_time() - start, 40 * G_USEC_PER_SEC);
}

TEST(Stress, AModelThatIsDeletedWhileRunningIsNotMissed) {
  const TemporaryFolder folder;
  const auto model = folder / "model.dat";
  write_model(model);
  ElementPtr element = make_element();
  g_object_set(element.get(), "landmark-model", model.c_str(), nullptr);
  Bench bench(std::move(element));
  bench.set_caps(i420());
  std::filesystem::remove(model);
  for (int i = 0; i < 3; ++i)
    ASSERT_EQ(bench.push(make_buffer(i420(), portrait().bgr)), GST_FLOW_OK);
  EXPECT_EQ(bench.stat("faces"), 3U);
}

TEST(Stress, ADetectorModelThatIsDeletedWhileRunningIsNotMissed) {
  const std::filesystem::path yunet = test_data("models/detectors/yunet/yunet_n_320_320.onnx");
  FACEPERTURB_NEEDS(yunet);
  const TemporaryFolder folder;
  const auto model = folder / "model.onnx";
  std::filesystem::copy_file(yunet, model);
  ElementPtr element = make_element();
  gst_util_set_object_arg(G_OBJECT(element.get()), "detector", "dnn");
  g_object_set(element.get(), "detector-model", model.c_str(), nullptr);
  Bench bench(std::move(element));
  bench.set_caps(i420());
  std::filesystem::remove(model);
  for (int i = 0; i < 3; ++i)
    ASSERT_EQ(bench.push(make_buffer(i420(), portrait().bgr)), GST_FLOW_OK);
  EXPECT_EQ(bench.stat("faces"), 3U);
}

}  // namespace
}  // namespace faceperturb::test
