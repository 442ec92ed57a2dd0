// SPDX-License-Identifier: LGPL-2.1-or-later

// Clips in a loop, while properties, formats, sizes and states change and the stream is sought in
// at random: memory must stay flat, frames must keep coming, and no frame whose face is known may
// leave with that face as it was.

#include <gst/gst.h>
#include <gst/video/video.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/command.h"
#include "common/gst_ptr.h"
#include "support/memory.h"
#include "test_data.h"

namespace {

using faceperturb::test::resident_kilobytes;

constexpr guint64 remembered = 1000;  // frames on their way, at most
constexpr double patience = 60;       // seconds without a frame

struct Knob {
  const char* property;
  std::vector<const char*> values;
};
const Knob knobs[] = {
    {"method", {"shuffle", "average", "occlude", "noise", "superpixel", "blur", "cae"}},
    {"regions", {"eyes+nose+mouth", "face", "head", "nose"}},
    {"pixels", {"0", "8000"}},  // fewer are drawn from all over the region
    {"cell-size", {"1", "2", "4"}},
    {"min-face-size", {"0", "40"}},
    {"lookahead", {"0", "10", "25"}},
    {"detect-interval", {"1", "5"}},
    {"hold", {"0", "500"}},
    {"on-unchecked", {"cover", "drop"}},
    {"attach-meta", {"true", "false"}},
    {"post-messages", {"true", "false"}},
    {"average-levelling", {"0", "1"}},
};
constexpr const char* frame_formats[] = {"I420", "NV12",      "RGB",  "BGRx",
                                         "YUY2", "I420_10LE", "GRAY8"};
constexpr std::pair<int, int> frame_sizes[] = {{320, 240}, {480, 270}, {640, 360}, {161, 121}};

double now() { return static_cast<double>(g_get_monotonic_time()) / G_USEC_PER_SEC; }

// The bytes of a frame's middle, where its face is said to be.
std::string middle(GstPad* pad, GstBuffer* buffer) {
  GstCaps* caps = gst_pad_get_current_caps(pad);
  GstVideoInfo info;
  const bool known = caps && gst_video_info_from_caps(&info, caps);
  if (caps) gst_caps_unref(caps);
  GstVideoFrame frame;
  if (!known || !gst_video_frame_map(&frame, &info, buffer, GST_MAP_READ)) return {};
  std::string bytes;
  for (int y = info.height * 5 / 12; y < info.height * 7 / 12; ++y) {
    const auto* row = static_cast<const char*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0)) +
                      y * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0);
    const int pixel = GST_VIDEO_FRAME_COMP_PSTRIDE(&frame, 0);
    bytes.append(row + info.width / 3 * pixel, static_cast<std::size_t>(info.width / 3 * pixel));
  }
  gst_video_frame_unmap(&frame);
  return bytes;
}

// Counts frames, and those that came out as they went in.
class Watch {
 public:
  explicit Watch(bool face_is_known) : face_is_known_(face_is_known) {}

  void on(GstElement* element) {
    add(element, "sink", &Watch::went_in);
    add(element, "src", &Watch::came_out);
  }
  guint64 frames() const { return frames_; }
  guint64 leaks() const { return leaks_; }

 private:
  void add(GstElement* element, const char* name,
           GstPadProbeReturn (*probe)(GstPad*, GstPadProbeInfo*, gpointer)) {
    GstPad* pad = gst_element_get_static_pad(element, name);
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, probe, this, nullptr);
    gst_object_unref(pad);
  }

  static GstPadProbeReturn went_in(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
    auto* self = static_cast<Watch*>(data);
    if (!self->face_is_known_) return GST_PAD_PROBE_OK;
    GstBuffer* buffer = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
    GST_PAD_PROBE_INFO_DATA(info) = buffer;
    const std::string bytes = middle(pad, buffer);
    if (bytes.empty() || std::ranges::count(bytes, bytes[0]) == std::ssize(bytes))
      return GST_PAD_PROBE_OK;  // one colour: what is moved does not show
    GstCaps* caps = gst_pad_get_current_caps(pad);
    GstVideoInfo video;
    gst_video_info_from_caps(&video, caps);
    gst_caps_unref(caps);
    const auto width = static_cast<guint>(video.width), height = static_cast<guint>(video.height);
    const guint side = std::min(width, height) * 2 / 3;
    gst_buffer_add_video_region_of_interest_meta(buffer, "face", (width - side) / 2,
                                                 (height - side) / 2, side, side);
    const std::lock_guard lock(self->mutex_);
    const guint64 id = self->next_++;
    gst_structure_set(gst_custom_meta_get_structure(gst_buffer_add_custom_meta(buffer, "SoakMeta")),
                      "id", G_TYPE_UINT64, id, nullptr);
    self->clear_[id] = std::hash<std::string>()(bytes);
    while (self->clear_.begin()->first + remembered < id) self->clear_.erase(self->clear_.begin());
    return GST_PAD_PROBE_OK;
  }

  static GstPadProbeReturn came_out(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
    auto* self = static_cast<Watch*>(data);
    ++self->frames_;
    GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    guint64 id = 0;
    if (GstCustomMeta* meta = gst_buffer_get_custom_meta(buffer, "SoakMeta");
        !meta || !gst_structure_get_uint64(gst_custom_meta_get_structure(meta), "id", &id))
      return GST_PAD_PROBE_OK;
    const std::lock_guard lock(self->mutex_);
    const auto in = self->clear_.find(id);
    if (in == self->clear_.end()) return GST_PAD_PROBE_OK;
    if (std::hash<std::string>()(middle(pad, buffer)) == in->second) self->report(pad, id);
    self->clear_.erase(in);
    return GST_PAD_PROBE_OK;
  }

  void report(GstPad* pad, guint64 id) {
    if (++leaks_ > 20) return;
    GstElement* element = gst_pad_get_parent_element(pad);
    std::printf("frame %llu is clear:", static_cast<unsigned long long>(id));
    for (const Knob& knob : knobs) {
      GValue value = G_VALUE_INIT;
      g_object_get_property(G_OBJECT(element), knob.property, &value);
      gchar* text = gst_value_serialize(&value);
      std::printf(" %s=%s", knob.property, text);
      g_free(text);
      g_value_unset(&value);
    }
    gst_object_unref(element);
    GstCaps* caps = gst_pad_get_current_caps(pad);
    gchar* text = gst_caps_to_string(caps);
    std::printf(" %s\n", text);
    g_free(text);
    gst_caps_unref(caps);
  }

  const bool face_is_known_;
  std::atomic<guint64> frames_ = 0, leaks_ = 0;
  std::mutex mutex_;
  std::map<guint64, std::size_t> clear_;  // hashes
  guint64 next_ = 0;
};

// A clip in a loop, and what happens to it.
class Stream {
 public:
  Stream(const std::string& clip, bool face_is_known, unsigned seed)
      : watch_(face_is_known), random_(seed) {
    const std::string text =
        "filesrc name=file ! decodebin name=decode videoconvert name=convert ! videoscale ! "
        "capsfilter name=caps ! faceperturb name=f ! fakesink sync=true";
    pipeline_ = gst_parse_launch(text.c_str(), nullptr);
    if (!pipeline_) throw std::runtime_error("no pipeline: check GST_PLUGIN_PATH");
    const auto part = [&](const char* name) {
      GstElement* element = gst_bin_get_by_name(GST_BIN(pipeline_), name);
      gst_object_unref(element);  // the pipeline keeps it
      return element;
    };
    g_object_set(part("file"), "location", clip.c_str(), nullptr);
    // As often as the clip is begun; its sound stays unlinked.
    g_signal_connect(part("decode"), "pad-added", G_CALLBACK(link), part("convert"));
    element_ = part("f");
    caps_ = part("caps");
    if (face_is_known) gst_util_set_object_arg(G_OBJECT(element_), "detector", "upstream");
    watch_.on(element_);
    bus_ = gst_element_get_bus(pipeline_);
    turn_caps();
    gst_element_set_state(pipeline_, GST_STATE_PLAYING);
  }
  ~Stream() {
    gst_element_set_state(pipeline_, GST_STATE_NULL);
    gst_object_unref(bus_);
    gst_object_unref(pipeline_);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  const Watch& watch() const { return watch_; }

  /// One random change, and what the pipeline has to say. Throws at an error.
  void turn() {
    const unsigned what = of(100);
    if (what < 70) {
      const Knob& knob = knobs[of(std::size(knobs))];
      gst_util_set_object_arg(G_OBJECT(element_), knob.property,
                              knob.values[of(knob.values.size())]);
    } else if (what < 85) {
      seek(static_cast<gint64>(of(10)) * GST_SECOND);
    } else if (what < 95) {
      turn_caps();
    } else if (what < 98) {
      gst_element_set_state(pipeline_, GST_STATE_PAUSED);
      gst_element_set_state(pipeline_, GST_STATE_PLAYING);
    } else {
      gst_element_set_state(pipeline_, GST_STATE_NULL);
      format_ = frame_formats[of(std::size(frame_formats))];
      turn_caps();
      gst_element_set_state(pipeline_, GST_STATE_PLAYING);
    }
    while (GstMessage* message = gst_bus_pop(bus_)) {
      const GstMessageType type = GST_MESSAGE_TYPE(message);
      std::string fault;
      if (type == GST_MESSAGE_ERROR) {
        GError* error = nullptr;
        gchar* debug = nullptr;
        gst_message_parse_error(message, &error, &debug);
        fault = std::string(error->message) + " (" + (debug ? debug : "") + ")";
        g_error_free(error);
        g_free(debug);
      }
      gst_message_unref(message);
      if (!fault.empty()) throw std::runtime_error(fault);
      if (type == GST_MESSAGE_EOS) seek(0);
    }
  }

 private:
  static void link(GstElement* decode, GstPad* pad, GstElement* convert) {
    gst_element_link_pads(decode, GST_PAD_NAME(pad), convert, "sink");
  }

  unsigned of(std::size_t count) { return static_cast<unsigned>(random_() % count); }

  void seek(gint64 position) {
    gst_element_seek_simple(pipeline_, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, position);
  }

  // While frames flow only the size changes: videoconvert of 1.22 may fail where colours change
  // too.
  void turn_caps() {
    const auto [width, height] = frame_sizes[of(std::size(frame_sizes))];
    GstCaps* caps = gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING, format_, "width",
                                        G_TYPE_INT, width, "height", G_TYPE_INT, height, nullptr);
    g_object_set(caps_, "caps", caps, nullptr);
    gst_caps_unref(caps);
  }

  Watch watch_;
  std::mt19937 random_;
  const char* format_ = "I420";
  GstElement* pipeline_ = nullptr;
  GstElement* element_ = nullptr;
  GstElement* caps_ = nullptr;
  GstBus* bus_ = nullptr;
};

// Of a run's minutes, the first or the last third: the median, which one minute's peak does not
// move.
long usual(std::span<const long> minutes) {
  std::vector<long> sorted(minutes.begin(), minutes.end());
  std::ranges::sort(sorted);
  return sorted[sorted.size() / 2];
}

int soak(double minutes, unsigned seed, const std::vector<std::string>& clips) {
  std::vector<std::unique_ptr<Stream>> streams;
  for (const auto& clip : clips)
    for (const bool face_is_known : {true, false})
      streams.push_back(std::make_unique<Stream>(clip, face_is_known, seed++));
  const auto sum = [&](auto figure) {
    guint64 result = 0;
    for (const auto& stream : streams) result += (stream->watch().*figure)();
    return result;
  };
  std::mt19937 random(seed);
  const double start = now();
  std::vector<long> memory;  // each minute's most
  guint64 seen = 0;
  double moved = start;
  while (now() - start < 60 * minutes) {
    streams[random() % streams.size()]->turn();
    g_usleep(random() % 200000);
    if (const guint64 frames = sum(&Watch::frames); frames != seen) seen = frames, moved = now();
    if (now() - moved > patience) throw std::runtime_error("no frame comes any more");
    const auto minute = static_cast<std::size_t>((now() - start) / 60);
    if (memory.size() <= minute) {
      if (minute > 0)
        std::printf("%4zu min %9llu frames %llu leaks %7ld kB\n", minute,
                    static_cast<unsigned long long>(seen),
                    static_cast<unsigned long long>(sum(&Watch::leaks)), memory.back());
      std::fflush(stdout);
      memory.resize(minute + 1);
    }
    memory[minute] = std::max(memory[minute], resident_kilobytes());
  }
  const std::size_t third = memory.size() / 3 + 1;
  const long early = usual(std::span(memory).first(third));
  const long late = usual(std::span(memory).last(third));
  const bool flat = late < early + early / 10;
  std::printf(
      "%llu frames, %llu clear faces, memory %ld kB in the first third's median minute, %ld in the "
      "last's, %ld at most: %s\n",
      static_cast<unsigned long long>(seen), static_cast<unsigned long long>(sum(&Watch::leaks)),
      early, late, std::ranges::max(memory), flat ? "flat" : "it grows");
  return seen == 0 || sum(&Watch::leaks) > 0 || !flat;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::run_program("soak", [&] {
    gdouble minutes = 60;
    gint seed = 1;
    gchar *data = nullptr, **files = nullptr;
    const GOptionEntry entries[] = {
        {"minutes", 0, 0, G_OPTION_ARG_DOUBLE, &minutes, "How long; default 60", "N"},
        {"data", 0, 0, G_OPTION_ARG_FILENAME, &data,
         "Where CLIP is, unless FACEPERTURB_TEST_DATA says it", "FOLDER"},
        {"seed", 0, 0, G_OPTION_ARG_INT, &seed, "Of what is random; default 1", "N"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &files, nullptr, nullptr},
        {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr}};
    examples::parse_options("CLIP...", nullptr, entries, argc, argv);
    const examples::Ptr<gchar*> owned(files);
    const examples::Ptr<gchar> owned_data(data);
    const std::filesystem::path folder = data ? bench::test_data(data) : "";
    std::vector<std::string> clips;
    for (gchar** file = files; file && *file; ++file) {
      clips.push_back(folder / *file);
      if (data && !bench::is_there(clips.back())) return bench::skipped;
    }
    if (clips.empty()) throw examples::UsageError("name a clip");
    // One arena: with one for each thread that comes and goes, what they keep looks like a leak.
    mallopt(M_ARENA_MAX, 1);
    const gchar* tags[] = {nullptr};
    gst_meta_register_custom("SoakMeta", tags, nullptr, nullptr, nullptr);
    return soak(minutes, static_cast<unsigned>(seed), clips);
  });
}
