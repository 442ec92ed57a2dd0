// SPDX-License-Identifier: LGPL-2.1-or-later
// Properties that change while frames flow.
#include <gst/controller/gstdirectcontrolbinding.h>
#include <gst/controller/gstinterpolationcontrolsource.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "perturb/methods.h"
#include "support/faces.h"
#include "support/gst.h"
#include "support/scenes.h"

namespace faceperturb::test {
namespace {

GstVideoInfo gray() { return video_info(*find_format("GRAY8"), {320, 240}); }

// How many pixels of the portrait change.
std::size_t changed_pixels(Bench& bench, GstClockTime time = 0) {
  BufferPtr in = make_buffer(gray(), portrait().bgr);
  GST_BUFFER_PTS(in.get()) = time;
  const auto before = bytes_of(in.get());
  EXPECT_EQ(bench.push(std::move(in)), GST_FLOW_OK);
  const BufferPtr out = bench.pull();
  if (!out) return 0;
  return compare(before, bytes_of(out.get()), std::vector<bool>(before.size(), true)).inside;
}

TEST(Live, EachSettingHoldsFromTheNextFrameOn) {
  Bench bench;
  bench.set_caps(gray());
  bench.set("pixels", 10);
  const auto few = changed_pixels(bench);
  EXPECT_LE(few, 10U);
  bench.set("pixels", 9000);
  const auto many = changed_pixels(bench);
  EXPECT_LE(many, 9000U);
  EXPECT_GT(many, 5000U);
  bench.set("pixels", 0);
  gst_util_set_object_arg(G_OBJECT(bench.element), "regions", "mouth");
  const auto mouth = changed_pixels(bench);
  gst_util_set_object_arg(G_OBJECT(bench.element), "regions", "eyes+nose+mouth");
  const auto features = changed_pixels(bench);
  gst_util_set_object_arg(G_OBJECT(bench.element), "regions", "face");
  const auto face = changed_pixels(bench);
  bench.set("regions", 0);
  const auto none = changed_pixels(bench);
  gst_util_set_object_arg(G_OBJECT(bench.element), "regions", "head");
  const auto head = changed_pixels(bench);
  EXPECT_GT(mouth, 50U);
  EXPECT_GT(features, mouth);
  EXPECT_GT(face, features);
  EXPECT_GT(head, face);
  EXPECT_NEAR(static_cast<double>(none), static_cast<double>(head), static_cast<double>(head) / 10);
  bench.set("min-face-size", 240);
  EXPECT_EQ(changed_pixels(bench), 0U);
}

TEST(Live, AControlSourceDrivesThePixels) {
  Bench bench;
  bench.set_caps(gray());
  GstControlSource* source = gst_interpolation_control_source_new();
  g_object_set(source, "mode", GST_INTERPOLATION_MODE_LINEAR, nullptr);
  auto* values = GST_TIMED_VALUE_CONTROL_SOURCE(source);
  gst_timed_value_control_source_set(values, 0, 20);
  gst_timed_value_control_source_set(values, 10 * GST_SECOND, 8020);
  ASSERT_TRUE(gst_object_add_control_binding(
      GST_OBJECT(bench.element),
      gst_direct_control_binding_new_absolute(GST_OBJECT(bench.element), "pixels", source)));
  for (const auto& [seconds, pixels] : {std::pair{0U, 20}, {5U, 4020}, {10U, 8020}}) {
    const auto changed = changed_pixels(bench, seconds * GST_SECOND);
    gint value = 0;
    g_object_get(bench.element, "pixels", &value, nullptr);
    EXPECT_EQ(value, pixels) << seconds << " s";
    EXPECT_LE(changed, static_cast<std::size_t>(pixels)) << seconds << " s";
    EXPECT_GE(changed, static_cast<std::size_t>(pixels) / 2) << seconds << " s";
  }
  gst_object_unref(source);
}

// One thread streams and one turns every knob; each frame must come out whole and protected.
TEST(Live, PropertiesMayChangeFromAnotherThread) {
  Bench bench;
  struct Knob {
    const char* property;
    const char* value;
  };
  std::vector<Knob> knobs = {{"pixels", "0"},
                             {"pixels", "600"},
                             {"pixels", "9000"},
                             {"cell-size", "1"},
                             {"cell-size", "4"},
                             {"regions", "head"},
                             {"regions", "eyes+nose"},
                             {"noise-sigma", "0.5"},
                             {"superpixel-size", "9"},
                             {"blur-sigma", "0.3"},
                             {"detector", "hog"},
                             {"detector", "auto"},
                             {"min-face-size", "0"},
                             {"min-face-size", "60"},
                             {"on-unchecked", "drop"},
                             {"on-unchecked", "cover"},
                             {"attach-meta", "false"},
                             {"attach-meta", "true"},
                             {"post-messages", "true"},
                             {"post-messages", "false"},
                             {"landmark-model", "/nowhere"},
                             {"detector-model", "/nowhere"},
                             {"detect-interval", "9"},
                             {"lookahead", "0"},
                             {"lookahead", "7"},
                             {"hold", "0"},
                             {"average-levelling", "1"}};
  for (const auto& method : methods()) knobs.push_back({"method", method.name.data()});
  std::atomic<bool> finished = false;
  std::atomic<int> turns = 0;
  std::thread turner([&] {
    std::mt19937 random(1);
    while (!finished) {
      const auto& knob = knobs[random() % std::size(knobs)];
      gst_util_set_object_arg(G_OBJECT(bench.element), knob.property, knob.value);
      GstStructure* stats = nullptr;
      g_object_get(bench.element, "stats", &stats, nullptr);
      const StructurePtr owner(stats);
      gst_bus_set_flushing(bench.bus.get(), TRUE);  // nobody reads the messages
      gst_bus_set_flushing(bench.bus.get(), FALSE);
      ++turns;
    }
  });
  for (int i = 0; i < 40; ++i) {
    const GstVideoInfo info =
        video_info(formats()[static_cast<std::size_t>(i) % formats().size()], {321, 241});
    bench.set_caps(info);
    BufferPtr in = make_buffer(info, portrait().bgr);
    const auto before = bytes_of(in.get());
    EXPECT_EQ(bench.push(std::move(in)), GST_FLOW_OK);
    const BufferPtr out = bench.pull();
    EXPECT_NE(out, nullptr);
    if (out) {
      EXPECT_FALSE(bytes_of(out.get()) == before) << "frame " << i << " is clear";
    }
  }
  finished = true;
  turner.join();
  EXPECT_GT(turns, 0);
  EXPECT_EQ(bench.stat("frames"), 40U);
  EXPECT_EQ(bench.stat("checked"), 40U);
}

}  // namespace
}  // namespace faceperturb::test
