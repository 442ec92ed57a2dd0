// SPDX-License-Identifier: LGPL-2.1-or-later
#include "recorder.h"

#include <gst/pbutils/pbutils.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include "common/elements.h"
#include "common/failure.h"
#include "common/gst_ptr.h"
#include "common/interrupt.h"

namespace protect {

using examples::Failure;
using examples::Ptr;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds silence{10};       // of a source
constexpr std::chrono::seconds long_silence{60};  // of a file, which may take its time
constexpr std::chrono::seconds patience{2};       // with a source that was asked for an end

class Run {
 public:
  Run(Pipeline& pipeline, Listener& listener) : pipeline_(pipeline), listener_(listener) {}

  // Empty, or why there is no file.
  std::string to_end();

 private:
  void stop();
  void fail(const std::string& why);
  void on_tick();
  bool on_message(GstMessage* message);
  void on_error(GstMessage* message);
  bool camera_broke_off(GstMessage* message);

  Pipeline& pipeline_;
  Listener& listener_;
  Ptr<GMainLoop> loop_{g_main_loop_new(nullptr, FALSE)};
  std::vector<std::string> missing_;  // plugins
  std::string failure_;
  Clock::time_point last_work_ = Clock::now();  // of the source, before it was connected
  std::uint64_t seen_ = 0;  // frames that came and went, and when that changed last
  Clock::time_point last_seen_ = Clock::now();
  std::optional<Clock::time_point> stopped_;
  bool forced_ = false;
};

void Run::stop() {
  stopped_ = Clock::now();
  pipeline_.end_source();
}

void Run::fail(const std::string& why) {
  failure_ = why;
  g_main_loop_quit(loop_.get());
}

// A camera that goes away need not say so, and GStreamer's demuxer for GIF does not always find the
// end of a file.
void Run::on_tick() {
  const auto now = Clock::now();
  if (const auto frames = pipeline_.frames_in() + pipeline_.frames_out(); frames != seen_) {
    seen_ = frames;
    last_seen_ = now;
  }
  if (examples::interrupt()) {
    // What there is of a file is not what was asked for; of a recording it is.
    if (pipeline_.local_file() || !pipeline_.connected() || examples::interrupted_again())
      return fail("interrupted");
    if (!stopped_) stop();
  }
  // GStreamer's decodebin can lose the error of a demuxer that gives up at once.
  if (!pipeline_.connected() && pipeline_.source_works()) last_work_ = now;
  if (pipeline_.local_file() && !pipeline_.connected() && now - last_work_ > patience)
    return fail("nothing in it can be decoded: it is damaged or cut short");
  if (stopped_) {
    if (!forced_ && now - *stopped_ > patience) {
      forced_ = true;
      pipeline_.end_streams();
    }
    if (forced_ && now - last_seen_ > long_silence) return fail("the recording does not end");
  } else if (const auto limit =
                 !pipeline_.local_file() || (pipeline_.connected() && pipeline_.may_fall_silent())
                     ? silence
                     : long_silence;
             now - last_seen_ > limit) {
    const std::string text = "nothing came for " + std::to_string(limit.count()) + " seconds";
    if (!pipeline_.connected() || !pipeline_.may_fall_silent()) return fail(text);
    listener_.note(text + ": the recording ends");
    stop();
  }
  listener_.progress(pipeline_.frames_out(), pipeline_.done());
}

void Run::on_error(GstMessage* message) {
  failure_ = examples::error_text(message);
  if (!missing_.empty()) {
    failure_ += "\n  missing:";
    for (const auto& plugin : missing_) failure_ += " " + plugin + ",";
    failure_ +=
        " on Debian, apt install gstreamer1.0-libav gstreamer1.0-plugins-good "
        "gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly";
  }
  g_main_loop_quit(loop_.get());
}

// What there is of a recording is of use, whatever became of the camera. Of one that did not begin
// there is nothing; a source that fails on its way to PLAYING would keep the sinks from it for
// ever.
bool Run::camera_broke_off(GstMessage* message) {
  if (pipeline_.local_file() || pipeline_.frames_in() == 0 || !pipeline_.plays() ||
      !pipeline_.is_of_source(GST_MESSAGE_SRC(message)))
    return false;
  if (stopped_) return true;
  listener_.note(examples::error_text(message) + ": the recording ends");
  stop();
  return true;
}

bool Run::on_message(GstMessage* message) {
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    if (camera_broke_off(message)) return true;
    on_error(message);
    return false;  // what follows an error says less
  }
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS) g_main_loop_quit(loop_.get());
  if (gst_is_missing_plugin_message(message)) {
    const Ptr<gchar> text(gst_missing_plugin_message_get_description(message));
    missing_.emplace_back(text.get());
    listener_.note(std::string("a stream in it is left out, for there is no plugin: ") +
                   text.get());
  }
  return true;
}

std::string Run::to_end() {
  const Ptr<GstBus> bus(gst_element_get_bus(pipeline_.element()));
  gst_bus_add_watch(
      bus.get(),
      [](GstBus*, GstMessage* message, gpointer self) -> gboolean {
        return static_cast<Run*>(self)->on_message(message);
      },
      this);
  const auto tick = [](gpointer self) -> gboolean {
    static_cast<Run*>(self)->on_tick();
    return G_SOURCE_CONTINUE;
  };
  const guint timer = g_timeout_add(200, tick, this);
  gst_element_set_state(pipeline_.element(), GST_STATE_PLAYING);
  g_main_loop_run(loop_.get());
  g_source_remove(timer);
  gst_bus_remove_watch(bus.get());
  gst_element_set_state(pipeline_.element(), GST_STATE_NULL);
  return failure_;
}

}  // namespace

Summary record(Pipeline& pipeline, Listener& listener) {
  std::string failure = Run(pipeline, listener).to_end();
  if (failure.empty() && pipeline.frames_out() == 0) failure = "no frame came out of it";
  if (!failure.empty()) throw Failure(failure);

  GstStructure* statistics = nullptr;
  g_object_get(pipeline.protector(), "stats", &statistics, nullptr);
  const Ptr<GstStructure> owned(statistics);
  guint64 faces = 0, checked = 0, held = 0, covered = 0, dropped = 0;
  gst_structure_get(statistics, "faces", G_TYPE_UINT64, &faces, "checked", G_TYPE_UINT64, &checked,
                    "held", G_TYPE_UINT64, &held, "covered", G_TYPE_UINT64, &covered, "dropped",
                    G_TYPE_UINT64, &dropped, nullptr);
  const std::uint64_t frames = pipeline.frames_out(), came = pipeline.frames_in() - dropped;
  if (const auto written = std::min(frames, pipeline.packets());
      pipeline.local_file() && written < came)
    throw Failure(std::to_string(came - written) + " of its " + std::to_string(came) +
                  " frames were lost on the way; does the encoder fit to this kind of file?");
  return {.frames = frames,
          .faces = faces,
          .checked = checked,
          .held = held,
          .covered = covered,
          .dropped = dropped,
          .late = pipeline.frames_in() - frames - dropped};
}

}  // namespace protect
