// SPDX-License-Identifier: LGPL-2.1-or-later

// Writes the synthetic scene of eval/scene.h as a video: faces of nobody, to try the element on.

#include <gst/app/app.h>
#include <gst/gst.h>
#include <gst/video/video.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>

#include "common/command.h"
#include "common/elements.h"
#include "common/gst_ptr.h"
#include "common/output_file.h"
#include "common/progress.h"
#include "eval/scene.h"

using examples::add_element;
using examples::Failure;
using examples::Ptr;

namespace {

struct Options {
  double seconds = faceperturb::eval::scene_seconds;
  int fps = 25;
  int width = 640;
  int height = 360;
  std::string file;
};

Options parse(int& argc, char**& argv) {
  Options options;
  gchar* size = nullptr;
  gchar** files = nullptr;
  const GOptionEntry entries[] = {
      {"seconds", 's', 0, G_OPTION_ARG_DOUBLE, &options.seconds, "Length; default 8", "N"},
      {"size", 0, 0, G_OPTION_ARG_STRING, &size, "Even numbers of pixels; default 640x360", "WxH"},
      {"fps", 0, 0, G_OPTION_ARG_INT, &options.fps, "Frames per second; default 25", "N"},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &files, nullptr, nullptr},
      {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr}};
  examples::parse_options("OUT.mp4|.mkv", "Renders a clip of moving faces of nobody.", entries,
                          argc, argv);
  const Ptr<gchar> owned_size(size);
  if (files && g_strv_length(files) == 1) options.file = files[0];
  g_strfreev(files);
  if (options.file.empty()) throw Failure("OUT is needed, and nothing else; see --help");
  char rest = 0;
  if (size && std::sscanf(size, "%dx%d%c", &options.width, &options.height, &rest) != 2)
    throw Failure(std::string("--size needs WxH, not '") + size + "'");
  if (options.width < 16 || options.height < 16 || options.width > 7680 || options.height > 4320 ||
      options.width % 2 || options.height % 2)
    throw Failure("--size needs even numbers from 16x16 to 7680x4320");
  if (options.fps < 1 || options.fps > 240) throw Failure("--fps needs 1 to 240");
  if (!(options.seconds > 0) || options.seconds > 3600) throw Failure("--seconds needs up to 3600");
  return options;
}

const char* muxer_for(const examples::OutputFile& output) {
  const std::string suffix = output.suffix();
  if (suffix == ".mkv") return "matroskamux";
  if (suffix == ".mp4") return "mp4mux";
  throw Failure("'" + output.path().string() + "': the output must end in .mp4 or .mkv");
}

Ptr<GstBuffer> render(const Options& options, int number) {
  const auto frame = faceperturb::eval::render_scene({options.width, options.height},
                                                     static_cast<double>(number) / options.fps);
  GstVideoInfo info;
  gst_video_info_set_format(&info, GST_VIDEO_FORMAT_BGR, static_cast<guint>(options.width),
                            static_cast<guint>(options.height));
  Ptr<GstBuffer> buffer(gst_buffer_new_allocate(nullptr, info.size, nullptr));
  for (int y = 0; y < options.height; ++y)
    gst_buffer_fill(buffer.get(), static_cast<gsize>(y) * static_cast<gsize>(info.stride[0]),
                    frame.bgr.ptr(y), static_cast<gsize>(options.width) * 3);
  const auto time = [&](int n) {
    return gst_util_uint64_scale_int(static_cast<guint64>(n), static_cast<gint>(GST_SECOND),
                                     options.fps);
  };
  GST_BUFFER_PTS(buffer.get()) = time(number);
  GST_BUFFER_DURATION(buffer.get()) = time(number + 1) - time(number);
  return buffer;
}

void run(const Options& options) {
  examples::OutputFile output(options.file);
  const Ptr<GstElement> pipeline(gst_pipeline_new(nullptr));
  GstBin* bin = GST_BIN(pipeline.get());
  GstElement* source = add_element(bin, "appsrc");
  GstElement* convert = add_element(bin, "videoconvert");
  GstElement* filter = add_element(bin, "capsfilter");
  GstElement* encoder = add_element(bin, "x264enc");
  GstElement* parser = add_element(bin, "h264parse");
  GstElement* mux = add_element(bin, muxer_for(output));
  GstElement* sink = add_element(bin, "filesink");
  examples::link_all({source, convert, filter, encoder, parser, mux, sink});

  const Ptr<GstCaps> bgr(gst_caps_new_simple(
      "video/x-raw", "format", G_TYPE_STRING, "BGR", "width", G_TYPE_INT, options.width, "height",
      G_TYPE_INT, options.height, "framerate", GST_TYPE_FRACTION, options.fps, 1,
      "pixel-aspect-ratio", GST_TYPE_FRACTION, 1, 1, nullptr));
  g_object_set(source, "caps", bgr.get(), "format", GST_FORMAT_TIME, "block", TRUE, "max-buffers",
               guint64{4}, "max-bytes", guint64{0}, nullptr);
  const Ptr<GstCaps> i420(gst_caps_from_string("video/x-raw, format=I420"));
  g_object_set(filter, "caps", i420.get(), nullptr);
  gst_util_set_object_arg(G_OBJECT(encoder), "speed-preset", "veryfast");
  gst_util_set_object_arg(G_OBJECT(encoder), "pass", "qual");
  g_object_set(encoder, "quantizer", 8, nullptr);  // no loss that is seen
  g_object_set(sink, "location", output.temporary().c_str(), nullptr);

  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  const int frames = std::max(1, static_cast<int>(std::lround(options.seconds * options.fps)));
  examples::Progress progress;
  for (int number = 0; number < frames; ++number) {
    if (gst_app_src_push_buffer(GST_APP_SRC(source), render(options, number).release()) !=
        GST_FLOW_OK)
      break;
    progress.show(static_cast<std::uint64_t>(number) + 1, static_cast<double>(number + 1) / frames);
  }
  gst_app_src_end_of_stream(GST_APP_SRC(source));
  progress.end();

  const Ptr<GstBus> bus(gst_element_get_bus(pipeline.get()));
  GstMessage* message =
      gst_bus_timed_pop_filtered(bus.get(), GST_CLOCK_TIME_NONE,
                                 static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  const std::string fault =
      GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR ? examples::error_text(message) : "";
  gst_message_unref(message);
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  if (!fault.empty()) throw Failure(fault);
  output.commit();
  std::printf("%s: %d frames, %dx%d\n", options.file.c_str(), frames, options.width,
              options.height);
}

}  // namespace

int main(int argc, char** argv) {
  return examples::run_program("faceperturb-render-clip", [&] {
    run(parse(argc, argv));
    return 0;
  });
}
