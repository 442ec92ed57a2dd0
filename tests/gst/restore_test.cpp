// SPDX-License-Identifier: LGPL-2.1-or-later
// Keys, record and restore, as a user of the elements meets them.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>

#include "support/faces.h"
#include "support/gst.h"
#include "support/portraits.h"

namespace faceperturb::test {
namespace {

namespace fs = std::filesystem;

const std::string key_digits = "5ec7e7005ec7e7015ec7e7025ec7e7035ec7e7045ec7e7055ec7e7065ec7e707";

// Takes the faces that buffers say: no detector is made, and the tests are quick.
ElementPtr make_perturb() {
  ElementPtr element = make_element();
  gst_util_set_object_arg(G_OBJECT(element.get()), "detector", "upstream");
  return element;
}

BufferPtr frame_with_face(const GstVideoInfo& info, GstClockTime time) {
  BufferPtr buffer = make_buffer(info, portrait().bgr);
  GST_BUFFER_PTS(buffer.get()) = time;
  gst_buffer_add_video_region_of_interest_meta(buffer.get(), "face", 60, 60, 110, 110);
  return buffer;
}

ElementPtr make_restore() {
  GstElement* element = gst_element_factory_make("facerestore", nullptr);
  if (!element) throw std::runtime_error("no element facerestore: check GST_PLUGIN_PATH");
  return ElementPtr(GST_ELEMENT(gst_object_ref_sink(element)));
}

class Restore : public ::testing::Test {
 protected:
  Restore() {
    put("key", key_digits), put("escrow", std::string(64, '7')), put("other", std::string(64, '1'));
  }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  void put(const std::string& name, const std::string& content,
           fs::perms mode = fs::perms::owner_read | fs::perms::owner_write) const {
    std::ofstream(path(name), std::ios::binary) << content;
    fs::permissions(path(name), mode);
  }
  // What goes wrong on the way to PAUSED, as users see it; "none" where nothing does.
  static std::string fault(GstElement* element) {
    const BusPtr bus(gst_bus_new());
    gst_element_set_bus(element, bus.get());
    const auto result = gst_element_set_state(element, GST_STATE_PAUSED);
    const MessagePtr message = pop_message(bus.get(), GST_MESSAGE_ERROR);
    gst_element_set_state(element, GST_STATE_NULL);
    gst_element_set_bus(element, nullptr);
    EXPECT_EQ(result == GST_STATE_CHANGE_FAILURE, message != nullptr);
    return message ? error_text(message.get()) : "none";
  }
  template <typename... Args>
  static std::string fault_of(const ElementPtr& element, Args... args) {
    g_object_set(element.get(), args..., nullptr);
    return fault(element.get());
  }
  static bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  template <typename... Args>
  ElementPtr with_key(ElementPtr element, Args... args) const {
    g_object_set(element.get(), "key-location", path("key").c_str(), nullptr);
    if constexpr (sizeof...(args) > 0) g_object_set(element.get(), args..., nullptr);
    return element;
  }

  // Frames with one face, clear and protected.
  struct Clip {
    GstVideoInfo info;
    std::vector<std::vector<std::uint8_t>> clear;
    std::vector<BufferPtr> hidden;
    std::string warning = "none";
  };
  template <typename... Args>
  Clip protect(int count, PixelFormat format, Args... args) const {
    Clip clip;
    clip.info = video_info(format_info(format), {240, 240});
    Bench bench(with_key(make_perturb(), args...));
    bench.set_caps(clip.info);
    for (int i = 0; i < count; ++i) {
      BufferPtr buffer = frame_with_face(clip.info, static_cast<GstClockTime>(i) * GST_SECOND / 25);
      clip.clear.push_back(bytes_of(buffer.get()));
      EXPECT_EQ(bench.push(std::move(buffer)), GST_FLOW_OK);
      clip.hidden.push_back(bench.pull());
      EXPECT_NE(bytes_of(clip.hidden.back().get()), clip.clear.back());
    }
    if (const MessagePtr message = pop_message(bench.bus.get(), GST_MESSAGE_WARNING)) {
      GError* error = nullptr;
      gst_message_parse_warning(message.get(), &error, nullptr);
      clip.warning = error->message;
      g_error_free(error);
    }
    recorded_bytes_ = bench.stat("recorded-bytes");
    recorded_faces_ = bench.stat("recorded-faces");
    return clip;
  }

  // Restores a clip; what is not as it was is counted.
  struct Outcome {
    int restored = 0;
    int kept = 0;  // byte for byte as it came
    std::string error = "none";
  };
  template <typename... Args>
  Outcome restore(const Clip& clip, const char* stat, Args... args) const {
    Outcome outcome;
    Bench bench(with_key(make_restore(), args...));
    bench.set_caps(clip.info);
    for (std::size_t i = 0; i < clip.hidden.size(); ++i) {
      const auto before = bytes_of(clip.hidden[i].get());
      if (bench.push(BufferPtr(gst_buffer_copy_deep(clip.hidden[i].get()))) != GST_FLOW_OK) break;
      const BufferPtr out = bench.pull();
      const auto bytes = bytes_of(out.get());
      outcome.restored += bytes == clip.clear[i];
      outcome.kept += bytes == before;
    }
    if (stat) {
      EXPECT_EQ(bench.stat(stat), clip.hidden.size()) << stat;
    }
    if (const MessagePtr message = pop_message(bench.bus.get(), GST_MESSAGE_ERROR))
      outcome.error = error_text(message.get());
    return outcome;
  }

  TemporaryFolder folder_;
  mutable guint64 recorded_bytes_ = 0, recorded_faces_ = 0;
};

TEST_F(Restore, EveryFormatComesBackToTheByte) {
  for (const auto& format : formats()) {
    SCOPED_TRACE(format.name);
    const auto record = path("record-" + std::string(format.name));
    const Clip clip = protect(3, format.format, "record-location", record.c_str(), "pixels", 3000);
    EXPECT_EQ(restore(clip, "exactly", "record-location", record.c_str()).restored, 3);
  }
}

TEST_F(Restore, FramesCarryTheirRecordWhereAsked) {
  const Clip clip = protect(3, PixelFormat::i420, "attach-record", TRUE);
  EXPECT_EQ(restore(clip, "exactly").restored, 3);
  const Clip bare = protect(1, PixelFormat::i420, "record-location", path("record").c_str());
  const auto outcome = restore(bare, nullptr);
  EXPECT_TRUE(holds(outcome.error, "carries no record")) << outcome.error;
}

TEST_F(Restore, StatsTellWhatIsRecorded) {
  protect(4, PixelFormat::i420, "record-location", path("record").c_str());
  EXPECT_EQ(recorded_faces_, 4U);
  // The head of 70 bytes came before, and the end of 22 comes after.
  EXPECT_EQ(recorded_bytes_ + 70 + 22, fs::file_size(path("record")));
  EXPECT_EQ(fs::status(path("record")).permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(Restore, MethodsWithoutUndoNeedEscrow) {
  const auto record = path("record"), escrowed = path("escrowed"), escrow = path("escrow");
  const auto average = 1;  // of the enumeration
  Clip clip = protect(2, PixelFormat::nv12, "record-location", record.c_str(), "method", average);
  EXPECT_TRUE(holds(clip.warning, "average cannot be undone")) << clip.warning;
  auto outcome = restore(clip, nullptr, "record-location", record.c_str());
  EXPECT_TRUE(holds(outcome.error, "the originals were not kept")) << outcome.error;
  outcome = restore(clip, "locked", "record-location", record.c_str(), "on-mismatch", 1);
  EXPECT_EQ(outcome.kept, 2);
  EXPECT_EQ(outcome.error, "none");

  clip = protect(2, PixelFormat::nv12, "record-location", escrowed.c_str(), "method", average,
                 "escrow-key-location", escrow.c_str());
  EXPECT_EQ(clip.warning, "none");
  outcome = restore(clip, "exactly", "record-location", escrowed.c_str(), "escrow-key-location",
                    escrow.c_str());
  EXPECT_EQ(outcome.restored, 2);
  outcome = restore(clip, nullptr, "record-location", escrowed.c_str());
  EXPECT_TRUE(holds(outcome.error, "need the escrow key")) << outcome.error;
  outcome = restore(clip, nullptr, "record-location", escrowed.c_str(), "escrow-key-location",
                    path("other").c_str());
  EXPECT_TRUE(holds(outcome.error, "escrow key is another")) << outcome.error;
}

TEST_F(Restore, TheWrongKeyOrRecordNeverMakesAPicture) {
  const auto record = path("record"), second = path("second");
  const Clip clip = protect(2, PixelFormat::i420, "record-location", record.c_str());
  const Clip other = protect(2, PixelFormat::i420, "record-location", second.c_str());
  // The other stream's record, of the same key and the same scene.
  auto outcome = restore(clip, nullptr, "record-location", second.c_str());
  EXPECT_TRUE(holds(outcome.error, "cannot be restored")) << outcome.error;
  outcome = restore(clip, "unmatched", "record-location", second.c_str(), "on-mismatch", 1);
  EXPECT_EQ(outcome.kept, 2);

  const ElementPtr element = make_restore();
  const auto wrong =
      fault_of(element, "key-location", path("other").c_str(), "record-location", record.c_str());
  EXPECT_TRUE(holds(wrong, "record-location: '" + record + "' was made with another key")) << wrong;
  Clip carried = protect(1, PixelFormat::i420, "attach-record", TRUE);
  outcome = restore(carried, nullptr, "key-location", path("other").c_str());
  EXPECT_TRUE(holds(outcome.error, "another key")) << outcome.error;
}

TEST_F(Restore, ADamagedOrCutRecordIsNamed) {
  const auto record = path("record"), bad = path("bad");
  const Clip clip = protect(3, PixelFormat::i420, "record-location", record.c_str());
  std::string content = read_file(record);
  content[content.size() / 2] ^= 1;
  put("bad", content);
  auto text =
      fault_of(make_restore(), "key-location", path("key").c_str(), "record-location", bad.c_str());
  EXPECT_TRUE(holds(text, "changed or damaged at byte")) << text;

  content = read_file(record);
  put("bad", content.substr(0, content.size() - 60));
  ElementPtr element = with_key(make_restore(), "record-location", bad.c_str());
  const BusPtr bus(gst_bus_new());
  gst_element_set_bus(element.get(), bus.get());
  EXPECT_EQ(gst_element_set_state(element.get(), GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
  const MessagePtr warning = pop_message(bus.get(), GST_MESSAGE_WARNING);
  ASSERT_NE(warning, nullptr);
  Bench bench(std::move(element));
  bench.set_caps(clip.info);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(bench.push(BufferPtr(gst_buffer_copy_deep(clip.hidden[i].get()))),
              i < 2 ? GST_FLOW_OK : GST_FLOW_ERROR);
}

TEST_F(Restore, PropertiesThatCannotBeUsedAreNamed) {
  const std::string key = path("key");
  put("readable", key_digits, fs::perms::owner_read | fs::perms::others_read);
  put("short", "abc");
  for (const bool restoring : {false, true}) {
    const ElementPtr element = restoring ? make_restore() : make_perturb();
    const auto with = [&](const std::string& file) {
      return fault_of(element, "key-location", file.c_str());
    };
    EXPECT_EQ(with(key), "none");
    for (const auto& [file, why] : std::vector<std::pair<std::string, std::string>>{
             {"none", "No such file"},
             {"", "is a directory"},
             {"readable", "chmod 600"},
             {"short", "holds no key: it has 3 bytes"}}) {
      const auto text = with(path(file));
      EXPECT_TRUE(holds(text, "key-location: '" + path(file) + "'")) << text;
      EXPECT_TRUE(holds(text, why)) << text;
    }
    g_object_set(element.get(), "key-location", nullptr, nullptr);
    const auto record = fault_of(element, "record-location", path("record").c_str());
    EXPECT_TRUE(holds(record, restoring ? "key-location: no file is set" : "set key-location too"))
        << record;
  }
  const ElementPtr element = make_perturb();
  g_object_set(element.get(), "key-location", key.c_str(), nullptr);
  auto text = fault_of(element, "record-location", path("no/record").c_str());
  EXPECT_TRUE(holds(text, "record-location: '" + path("no/record") + "' cannot be written"))
      << text;
  text = fault_of(element, "record-location", path("key").c_str());
  EXPECT_TRUE(holds(text, "exists and is no record")) << text;
  text = fault_of(element, "record-location", path("record").c_str(), "record-max-size",
                  guint64{1000});
  EXPECT_TRUE(holds(text, "needs a %05d")) << text;
  text = fault_of(element, "record-location", nullptr, "escrow-key-location", key.c_str());
  EXPECT_TRUE(holds(text, "the same key")) << text;
}

// A full disk ends the stream: a frame whose record is lost could never be restored.
TEST_F(Restore, AFullDiskIsAnError) {
  const auto text = fault(with_key(make_perturb(), "record-location", "/dev/full").get());
  EXPECT_TRUE(holds(text, "record-location: '/dev/full'")) << text;
  EXPECT_TRUE(holds(text, "No space left")) << text;
}

TEST_F(Restore, AStreamThatBeginsAgainIsAppended) {
  const auto record = path("record");
  std::vector<Clip> clips;
  for (int i = 0; i < 3; ++i)
    clips.push_back(protect(2, PixelFormat::i420, "record-location", record.c_str()));
  for (const Clip& clip : clips)
    EXPECT_EQ(restore(clip, "exactly", "record-location", record.c_str()).restored, 2);
}

TEST_F(Restore, RekeyIntervalSharesDraws) {
  for (const int interval : {1, 4}) {
    const auto record = path("record" + std::to_string(interval));
    const Clip clip = protect(8, PixelFormat::i420, "record-location", record.c_str(),
                              "rekey-interval", interval);
    std::set<std::string> different;
    for (const BufferPtr& buffer : clip.hidden) {
      const auto bytes = bytes_of(buffer.get());
      different.insert({bytes.begin(), bytes.end()});
    }
    EXPECT_EQ(different.size(), interval == 1 ? 8U : 2U);  // the picture does not move
    EXPECT_EQ(restore(clip, "exactly", "record-location", record.c_str()).restored, 8);
  }
}

// The key's digits and bytes in nothing that can be read of the element, its buffers and its log.
TEST_F(Restore, TheKeyIsNowhereToBeSeen) {
  static std::string log;
  log.clear();
  gst_debug_set_threshold_from_string("*:LOG", TRUE);
  const GstLogFunction collect = [](GstDebugCategory*, GstDebugLevel, const gchar*, const gchar*,
                                    gint, GObject*, GstDebugMessage* message,
                                    gpointer) { log += gst_debug_message_get(message); };
  // In brackets: the macros compare functions with data pointers.
  (gst_debug_add_log_function)(collect, nullptr, nullptr);
  (gst_debug_remove_log_function)(gst_debug_log_default);
  std::string seen;
  {
    Bench bench(with_key(make_perturb(), "attach-record", TRUE, "post-messages", TRUE));
    const auto info = video_info(format_info(PixelFormat::i420), {240, 240});
    bench.set_caps(info);
    EXPECT_EQ(bench.push(frame_with_face(info, 0)), GST_FLOW_OK);
    const BufferPtr out = bench.pull();
    gpointer state = nullptr;
    while (GstMeta* meta = gst_buffer_iterate_meta(out.get(), &state)) {
      if (meta->info->api != GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE) continue;
      for (GList* l = reinterpret_cast<GstVideoRegionOfInterestMeta*>(meta)->params; l;
           l = l->next) {
        gchar* text = gst_structure_to_string(static_cast<GstStructure*>(l->data));
        seen += text;
        g_free(text);
      }
    }
    while (GstMessage* message = gst_bus_pop(bench.bus.get())) {
      if (const GstStructure* structure = gst_message_get_structure(message)) {
        gchar* text = gst_structure_to_string(structure);
        seen += text;
        g_free(text);
      }
      gst_message_unref(message);
    }
    guint count = 0;
    GParamSpec** specs = g_object_class_list_properties(G_OBJECT_GET_CLASS(bench.element), &count);
    for (guint i = 0; i < count; ++i) {
      if (!(specs[i]->flags & G_PARAM_READABLE)) continue;
      GValue value = G_VALUE_INIT;
      g_object_get_property(G_OBJECT(bench.element), specs[i]->name, &value);
      gchar* text = g_strdup_value_contents(&value);
      seen += text;
      g_free(text);
      g_value_unset(&value);
    }
    g_free(specs);
    GstElement* bin = gst_bin_new(nullptr);
    gst_object_ref_sink(bin);
    ElementPtr other = make_perturb();
    g_object_set(other.get(), "key-location", path("key").c_str(), nullptr);
    gst_bin_add(GST_BIN(bin), other.release());
    gchar* dot = gst_debug_bin_to_dot_data(GST_BIN(bin), GST_DEBUG_GRAPH_SHOW_ALL);
    seen += dot;
    g_free(dot);
    gst_object_unref(bin);
  }
  (gst_debug_remove_log_function)(collect);
  (gst_debug_add_log_function)(gst_debug_log_default, nullptr, nullptr);
  gst_debug_set_threshold_from_string("", TRUE);
  EXPECT_GT(log.size(), 10000U);
  EXPECT_TRUE(holds(seen, path("key")));  // where it is, may be seen
  for (const std::string& text : {log, seen}) {
    EXPECT_FALSE(std::regex_search(text, std::regex("5ec7e70[0-7]", std::regex::icase)));
    EXPECT_FALSE(holds(text, "\x5e\xc7\xe7"));
  }
}

}  // namespace
}  // namespace faceperturb::test
