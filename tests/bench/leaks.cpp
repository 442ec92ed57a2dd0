// SPDX-License-Identifier: LGPL-2.1-or-later
// Leak meter: runs a clip through the element and counts the frames in which a face left with its
// features unperturbed.
//
//   leaks [--truth gt.txt] [--judge MODEL]... [--element 'faceperturb ...'] CLIP
//
// With --at-most or --at-least (leaks per 1,000 face-frames, by the first count: the truth's where
// there is one; touched frames per 1,000 where nobody counts) it is a test: exit 1 where that does
// not hold, 77 (skip) where the clip is absent.
//
// A face is where the truth says (one box x1,y1,x2,y2 a line, NaN: none), and where a judge, a
// detector that the element does not use, sees one in the clear clip. It leaked if less than half
// of its core (eyes to mouth) was permuted. The share is estimated from the pixels that changed: a
// permutation leaves a pixel as it was with the probability that two pixels of the core are equal.
// With --pictures the frames that leaked are written into a folder, as they left, with the faces
// that leaked in white frames.
#include <gst/app/gstappsink.h>
#include <gst/video/video.h>

#include <cstdio>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <string>
#include <vector>

#include "eval/leak_meter.h"
#include "eval/truth.h"
#include "faces/dnn.h"
#include "faces/picture.h"
#include "test_data.h"

namespace {

using faceperturb::Rect;
using faceperturb::eval::leaked;

struct Count {
  explicit Count(std::string n) : name(std::move(n)) {}

  std::string name;
  int faces = 0, leaks = 0, run = 0, longest = 0;  // frames
  int all_faces = 0, all_leaks = 0;                // every face of every frame
  int still = 0;  // frames in which a face is seen in the output too
  std::vector<int> frames;

  // One frame's worst face: whether there was one, and whether it leaked.
  void add(int frame, bool any, bool leaked) {
    faces += any;
    leaks += leaked;
    run = leaked ? run + 1 : 0;
    longest = std::max(longest, run);
    if (leaked) frames.push_back(frame);
  }
  // One of its faces.
  void add(bool leaked) { ++all_faces, all_leaks += leaked; }
  double per_thousand() const { return faces ? 1000.0 * leaks / faces : 0.0; }
  void print() const {
    std::printf("%-34s %6d face-frames %5d leaks = %6.1f per 1000, longest run %d\n", name.c_str(),
                faces, leaks, per_thousand(), longest);
    if (all_faces > faces) std::printf("  %d of all %d faces\n", all_leaks, all_faces);
    if (still) std::printf("  and in %d of them it sees a face in the output too\n", still);
    if (frames.empty()) return;
    std::printf("  in frames");
    for (std::size_t i = 0; i < frames.size();) {
      std::size_t j = i;
      while (j + 1 < frames.size() && frames[j + 1] == frames[j] + 1) ++j;
      std::printf(i == j ? " %d" : " %d-%d", frames[i], frames[j]);
      i = j + 1;
    }
    std::printf("\n");
  }
};

void write_picture(const char* folder, int frame, const cv::Mat& luma,
                   const std::vector<Rect>& faces) {
  cv::Mat picture = luma.clone();
  for (const Rect& face : faces)
    cv::rectangle(picture, cv::Rect2f(face.x, face.y, face.width, face.height), 255);
  char name[32];
  std::snprintf(name, sizeof name, "/frame-%05d.png", frame);
  if (!cv::imwrite(folder + std::string(name), picture)) g_error("cannot write to %s", folder);
}

// Luma of a mapped frame; planar 4:2:0, so plane 0.
cv::Mat luma_of(GstBuffer* buffer, GstCaps* caps) {
  GstVideoInfo info;
  GstVideoFrame frame;
  if (!gst_video_info_from_caps(&info, caps) ||
      !gst_video_frame_map(&frame, &info, buffer, GST_MAP_READ))
    g_error("a frame cannot be read");
  const cv::Mat view(info.height, info.width, CV_8UC1, GST_VIDEO_FRAME_PLANE_DATA(&frame, 0),
                     static_cast<std::size_t>(GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0)));
  cv::Mat copy = view.clone();
  gst_video_frame_unmap(&frame);
  return copy;
}

struct Clear {
  std::mutex mutex;
  std::deque<cv::Mat> frames;
};

GstPadProbeReturn keep_clear(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
  auto* clear = static_cast<Clear*>(data);
  GstCaps* caps = gst_pad_get_current_caps(pad);
  cv::Mat frame = luma_of(GST_PAD_PROBE_INFO_BUFFER(info), caps);
  gst_caps_unref(caps);
  const std::lock_guard lock(clear->mutex);
  clear->frames.push_back(std::move(frame));
  return GST_PAD_PROBE_OK;
}

}  // namespace

int main(int argc, char** argv) {
  gchar *truth_name = nullptr, *data = nullptr, *element = nullptr, *pictures = nullptr;
  gchar** judges = nullptr;
  double at_most = -1, at_least = -1;
  const GOptionEntry entries[] = {
      {"truth", 't', 0, G_OPTION_ARG_FILENAME, &truth_name, "Boxes, one a frame", "FILE"},
      {"data", 0, 0, G_OPTION_ARG_FILENAME, &data,
       "Where CLIP, boxes and MODEL are, unless FACEPERTURB_TEST_DATA says it", "FOLDER"},
      {"judge", 'j', 0, G_OPTION_ARG_FILENAME_ARRAY, &judges, "Model of an independent detector",
       "MODEL"},
      {"element", 'e', 0, G_OPTION_ARG_STRING, &element, "What protects; default faceperturb",
       "DESCRIPTION"},
      {"pictures", 'p', 0, G_OPTION_ARG_FILENAME, &pictures, "Where frames that leaked are written",
       "FOLDER"},
      {"at-most", 0, 0, G_OPTION_ARG_DOUBLE, &at_most, "Leaks per 1,000 that are allowed", "N"},
      {"at-least", 0, 0, G_OPTION_ARG_DOUBLE, &at_least, "Leaks per 1,000 that must be seen", "N"},
      {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr}};
  GError* error = nullptr;
  GOptionContext* context = g_option_context_new("CLIP - count the clear faces that leave");
  g_option_context_add_main_entries(context, entries, nullptr);
  g_option_context_add_group(context, gst_init_get_option_group());
  if (!g_option_context_parse(context, &argc, &argv, &error)) g_error("%s", error->message);
  if (argc != 2) g_error("one clip, please");
  const std::filesystem::path folder = data ? bench::test_data(data) : "";
  const std::string clip = folder / argv[1];
  if (!bench::is_there(clip)) return bench::skipped;

  const std::string truth_file = truth_name ? folder / truth_name : "";
  const auto truth =
      truth_name ? faceperturb::eval::read_boxes(truth_file) : std::vector<std::optional<Rect>>{};
  std::vector<Count> counts;
  if (truth_name) counts.push_back(Count("truth"));
  std::vector<std::unique_ptr<faceperturb::Detector>> detectors;
  for (gchar** judge = judges; judge && *judge; ++judge) {
    detectors.push_back(faceperturb::make_dnn_detector(folder / *judge));
    gchar* base = g_path_get_basename(*judge);
    counts.push_back(Count(std::string("seen in the clear clip by ") + base));
    g_free(base);
  }

  const std::string description = std::string(
                                      "filesrc name=source ! decodebin ! videoconvert ! "
                                      "video/x-raw,format=I420 ! identity name=clear ! ") +
                                  (element ? element : "faceperturb") +
                                  " name=protect ! appsink name=sink sync=false max-buffers=8";
  GstElement* pipeline = gst_parse_launch(description.c_str(), &error);
  if (error) g_error("%s", error->message);
  GstElement* source = gst_bin_get_by_name(GST_BIN(pipeline), "source");
  g_object_set(source, "location", clip.c_str(), nullptr);
  Clear clear;
  GstElement* probe = gst_bin_get_by_name(GST_BIN(pipeline), "clear");
  GstPad* pad = gst_element_get_static_pad(probe, "src");
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, keep_clear, &clear, nullptr);
  GstElement* sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
  gst_element_set_state(pipeline, GST_STATE_PLAYING);

  int n = 0, touched = 0;
  double touched_outside = 0, outside = 0;
  GstBus* bus = gst_element_get_bus(pipeline);
  while (!gst_app_sink_is_eos(GST_APP_SINK(sink))) {
    GstSample* sample = gst_app_sink_try_pull_sample(GST_APP_SINK(sink), GST_SECOND / 10);
    if (!sample) {
      GstMessage* message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
      if (!message) continue;
      gst_message_parse_error(message, &error, nullptr);
      g_error("%s: %s", clip.c_str(), error->message);
    }
    const cv::Mat after = luma_of(gst_sample_get_buffer(sample), gst_sample_get_caps(sample));
    gst_sample_unref(sample);
    cv::Mat before;
    {
      const std::lock_guard lock(clear.mutex);
      before = clear.frames.front();
      clear.frames.pop_front();
    }
    const cv::Mat changed = before != after;
    touched += cv::countNonZero(changed) > 0;

    std::vector<Rect> clear_faces;
    const auto leaks_at = [&](const Rect& box) {
      if (!leaked(before, after, box)) return false;
      clear_faces.push_back(box);
      return true;
    };
    std::size_t k = 0;
    if (truth_name) {
      const auto box = static_cast<std::size_t>(n) < truth.size()
                           ? truth[static_cast<std::size_t>(n)]
                           : std::nullopt;
      counts[k++].add(n, box.has_value(), box && leaks_at(*box));
      cv::Mat background = changed.clone();
      if (box) {
        const cv::Rect around(static_cast<int>(box->x - 0.15F * box->width),
                              static_cast<int>(box->y - 0.15F * box->height),
                              static_cast<int>(1.3F * box->width),
                              static_cast<int>(1.3F * box->height));
        background(around & cv::Rect({}, background.size())) = 0;
      }
      touched_outside += cv::countNonZero(background);
      outside += static_cast<double>(background.total());
    }
    if (!detectors.empty()) {
      const auto picture_of = [](const cv::Mat& m) {
        return faceperturb::Picture({m.data, m.cols, m.rows, static_cast<std::ptrdiff_t>(m.step)});
      };
      const faceperturb::Picture picture = picture_of(before),
                                 protected_picture = picture_of(after);
      for (const auto& detector : detectors) {
        const int smallest = std::max(16, std::min(after.cols, after.rows) / 8);
        bool any = false, bad = false;
        for (auto face : detector->detect(picture, smallest / picture.reduction())) {
          const auto r = static_cast<float>(picture.reduction());
          const Rect box{face.box.x * r, face.box.y * r, face.box.width * r, face.box.height * r};
          if (!face.sure || box.width < static_cast<float>(smallest)) continue;
          const bool leaks = leaks_at(box);
          any = true;
          bad |= leaks;
          counts[k].add(leaks);
        }
        counts[k].add(n, any, bad);
        counts[k++].still +=
            any && !detector->detect(protected_picture, smallest / picture.reduction()).empty();
      }
    }
    if (pictures && !clear_faces.empty()) write_picture(pictures, n, after, clear_faces);
    ++n;
  }
  std::printf("%s through %s: %d frames, %d touched (%.2f %%)\n", clip.c_str(),
              element ? element : "faceperturb", n, touched, n ? 100.0 * touched / n : 0.0);
  for (const Count& count : counts) count.print();
  if (truth_name)
    std::printf("%-34s %6.3f %% of the pixels away from the face\n", "touched",
                outside > 0 ? 100 * touched_outside / outside : 0.0);
  GstElement* protect = gst_bin_get_by_name(GST_BIN(pipeline), "protect");
  if (g_object_class_find_property(G_OBJECT_GET_CLASS(protect), "stats")) {
    GstStructure* stats;
    g_object_get(protect, "stats", &stats, nullptr);
    gchar* text = gst_structure_to_string(stats);
    std::printf("%s\n", text);
    g_free(text);
    gst_structure_free(stats);
  }
  gst_element_set_state(pipeline, GST_STATE_NULL);
  for (GstElement* e : {source, probe, sink, protect}) gst_object_unref(e);
  gst_object_unref(pad);
  gst_object_unref(bus);
  gst_object_unref(pipeline);

  const double first =
      counts.empty() ? (n ? 1000.0 * touched / n : 0) : counts.front().per_thousand();
  if (at_most >= 0 && first > at_most) return 1;
  return at_least >= 0 && first < at_least ? 1 : 0;
}
