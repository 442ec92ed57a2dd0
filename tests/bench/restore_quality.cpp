// SPDX-License-Identifier: LGPL-2.1-or-later
// What facerestore brings back after a lossy codec:
//   restore-quality [--regions R] CLIP [CODEC...]
// For each codec, quality and cell size a line: PSNR (luma, within the perturbed cells) of the
// restored picture against the clear clip encoded alike, of the protected one for comparison, of
// that clear clip against the source; bytes of the protected stream over the clear one; and the
// share of frames whose record was confirmed.
#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <gst/video/video.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "perturb/keys.h"
#include "record/key_file.h"

namespace {

namespace fs = std::filesystem;

using Planes = std::vector<std::vector<guint8>>;  // luma, frame by frame

struct Codec {
  const char* name;
  const char* encode;  // %d: the quality
  const char* decode;
  std::vector<int> qualities;
};

const std::vector<Codec> codecs = {
    {"x264 crf",
     "x264enc pass=qual quantizer=%d speed-preset=veryfast ! h264parse",
     "avdec_h264",
     {18, 23, 28}},
    {"x265 crf",
     "x265enc option-string=crf=%d:log-level=none speed-preset=veryfast ! h265parse",
     "avdec_h265",
     {18, 23, 28}},
    {"JPEG quality", "jpegenc quality=%d", "jpegdec", {95, 85, 75}},
};

struct Outcome {
  Planes luma;
  guint64 frames = 0, confirmed = 0;  // by facerestore
};

// Runs a pipeline that ends in appsink "s"; keeps the luma of its I420 frames.
Outcome run(const std::string& description) {
  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launch(
      (description +
       " ! capsfilter caps=video/x-raw,format=I420 ! appsink name=s sync=false max-buffers=4")
          .c_str(),
      &error);
  if (error) throw std::runtime_error(error->message);
  GstElement* sink = gst_bin_get_by_name(GST_BIN(pipeline), "s");
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  Outcome outcome;
  while (GstSample* sample = gst_app_sink_pull_sample(GST_APP_SINK(sink))) {
    GstVideoInfo info;
    gst_video_info_from_caps(&info, gst_sample_get_caps(sample));
    GstVideoFrame frame;
    if (!gst_video_frame_map(&frame, &info, gst_sample_get_buffer(sample), GST_MAP_READ))
      throw std::runtime_error("a frame cannot be read");
    auto& luma = outcome.luma.emplace_back();
    for (int y = 0; y < info.height; ++y) {
      const auto* row = static_cast<guint8*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0)) +
                        y * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0);
      luma.insert(luma.end(), row, row + info.width);
    }
    gst_video_frame_unmap(&frame);
    gst_sample_unref(sample);
  }
  if (GstElement* restore = gst_bin_get_by_name(GST_BIN(pipeline), "r")) {
    GstStructure* stats = nullptr;
    g_object_get(restore, "stats", &stats, nullptr);
    guint64 nearly = 0, exactly = 0, unverified = 0;
    gst_structure_get(stats, "frames", G_TYPE_UINT64, &outcome.frames, "nearly", G_TYPE_UINT64,
                      &nearly, "exactly", G_TYPE_UINT64, &exactly, "unverified", G_TYPE_UINT64,
                      &unverified, nullptr);
    outcome.confirmed = nearly + exactly - unverified;
    gst_structure_free(stats);
    gst_object_unref(restore);
  }
  GstBus* bus = gst_element_get_bus(pipeline);
  GstMessage* message = gst_bus_timed_pop_filtered(
      bus, GST_CLOCK_TIME_NONE, static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS));
  gst_element_set_state(pipeline, GST_STATE_NULL);
  std::string fault;
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error(message, &error, nullptr);
    fault = error->message;
  }
  gst_message_unref(message);
  gst_object_unref(bus);
  gst_object_unref(sink);
  gst_object_unref(pipeline);
  if (!fault.empty()) throw std::runtime_error(fault);
  return outcome;
}

// Within what the protection changed.
double psnr(const Planes& a, const Planes& b, const Planes& clear, const Planes& hidden) {
  if (a.size() != b.size() || a.size() != clear.size() || a.size() != hidden.size())
    throw std::runtime_error("frames were lost");
  double sum = 0, count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t k = 0; k < a[i].size(); ++k) {
      if (clear[i][k] == hidden[i][k]) continue;
      sum += (a[i][k] - b[i][k]) * (a[i][k] - b[i][k]);
      ++count;
    }
  }
  return 10 * std::log10(255.0 * 255.0 * count / sum);  // infinite: every pixel is the same
}

std::string with(const char* format, int quality) {
  char text[256];
  std::snprintf(text, sizeof text, format, quality);
  return text;
}

void measure(const std::string& clip, const std::string& regions, const Codec& codec,
             const fs::path& folder) {
  const std::string key = folder / "key", record = folder / "record", file = folder / "video";
  const std::string source =
      "filesrc location=" + clip + " ! decodebin ! videoconvert ! video/x-raw,format=I420";
  const std::string store = " ! matroskamux ! filesink location=" + file;
  const std::string stored =
      "filesrc location=" + file + " ! matroskademux ! " + codec.decode + " ! videoconvert";
  const Planes clear = run(source).luma;
  // A pipeline that writes the video ends in a second branch, for run() to wait for.
  const auto encode = [&](const std::string& frames, int quality) {
    return run(frames + " ! tee name=t ! queue ! " + with(codec.encode, quality) + store +
               " t. ! queue");
  };
  for (const int quality : codec.qualities) {
    encode(source, quality);
    const auto clear_bytes = fs::file_size(file);
    const Planes reference = run(stored).luma;
    for (const int cell : {1, 2, 4, 8, 16}) {
      fs::remove(record);
      const Planes hidden = encode(source + " ! faceperturb lookahead=15 regions=" + regions +
                                       " cell-size=" + std::to_string(cell) +
                                       " key-location=" + key + " record-location=" + record,
                                   quality)
                                .luma;
      const auto bytes = fs::file_size(file);
      const Planes lossy = run(stored).luma;
      const Outcome restored = run(
          stored +
          " ! video/x-raw,format=I420 ! facerestore name=r on-mismatch=keep key-location=" + key +
          " record-location=" + record);
      std::printf(
          "%-14s %3d %5d %10.1f %10.1f %10.1f %8.2f %8.0f %%\n", codec.name, quality, cell,
          psnr(restored.luma, reference, clear, hidden), psnr(lossy, reference, clear, hidden),
          psnr(reference, clear, clear, hidden),
          static_cast<double>(bytes) / static_cast<double>(clear_bytes),
          100.0 * static_cast<double>(restored.confirmed) / static_cast<double>(restored.frames));
      std::fflush(stdout);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  std::string regions = "face";
  if (argc > 2 && std::strcmp(argv[1], "--regions") == 0) {
    regions = argv[2];
    argc -= 2, argv += 2;
  }
  if (argc < 2) {
    std::fprintf(stderr, "usage: restore-quality [--regions R] CLIP [CODEC...]\n");
    return 2;
  }
  char pattern[] = "/tmp/restore-quality-XXXXXX";
  if (!mkdtemp(pattern)) return 1;
  const fs::path folder = pattern;
  int status = 0;
  try {
    faceperturb::write_key_file(folder / "key");
    std::printf("%-14s %3s %5s %10s %10s %10s %8s %10s\n", "codec", "", "cell", "restored",
                "protected", "clear", "bytes", "confirmed");
    for (const Codec& codec : codecs) {
      bool wanted = argc == 2;
      for (int i = 2; i < argc; ++i)
        wanted = wanted || std::string(codec.name).starts_with(argv[i]);
      if (wanted) measure(argv[1], regions, codec, folder);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "restore-quality: %s\n", error.what());
    status = 1;
  }
  fs::remove_all(folder);
  return status;
}
