// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/pipeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <stdexcept>

#include "eval/scene.h"
#include "faces/detector.h"
#include "faces/picture.h"
#include "support/faces.h"

namespace faceperturb::test {
namespace {

using Visit = std::function<void(GstPad*, GstBuffer*)>;

GstPadProbeReturn visit_buffer(GstPad* pad, GstPadProbeInfo* info, gpointer visit) {
  (*static_cast<Visit*>(visit))(pad, GST_PAD_PROBE_INFO_BUFFER(info));
  return GST_PAD_PROBE_OK;
}

GstVideoInfo info_of(GstPad* pad) {
  GstVideoInfo info;
  const CapsPtr caps(gst_pad_get_current_caps(pad));
  if (!caps || !gst_video_info_from_caps(&info, caps.get()))
    throw std::runtime_error("a pad has no video caps");
  return info;
}

// The part of a box that lies in a picture.
cv::Rect pixels(const Rect& box, const cv::Mat& picture) {
  return cv::Rect(static_cast<int>(box.x), static_cast<int>(box.y), static_cast<int>(box.width),
                  static_cast<int>(box.height)) &
         cv::Rect(0, 0, picture.cols, picture.rows);
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

}  // namespace

Pipeline::Pipeline(const std::string& description) {
  GError* error = nullptr;
  GstElement* parsed =
      gst_parse_launch_full(description.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error);
  if (!parsed) {
    const std::string text = error->message;
    g_error_free(error);
    throw std::runtime_error(text);
  }
  element.reset(GST_ELEMENT(gst_object_ref_sink(parsed)));
}

Pipeline::~Pipeline() { gst_element_set_state(element.get(), GST_STATE_NULL); }

void Pipeline::on_buffer(const char* element_name, const char* pad_name, Visit visit) {
  const ElementPtr owner(gst_bin_get_by_name(GST_BIN(element.get()), element_name));
  GstPad* pad = gst_element_get_static_pad(owner.get(), pad_name);
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, visit_buffer, new Visit(std::move(visit)),
                    [](gpointer data) { delete static_cast<Visit*>(data); });
  gst_object_unref(pad);
}

std::string Pipeline::run(std::chrono::seconds limit) {
  const BusPtr bus(gst_element_get_bus(element.get()));
  const bool started =
      gst_element_set_state(element.get(), GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE;
  const MessagePtr message(gst_bus_timed_pop_filtered(
      bus.get(), started ? static_cast<GstClockTime>(limit.count()) * GST_SECOND : 0,
      static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
  gst_element_set_state(element.get(), GST_STATE_NULL);
  if (!message) return started ? "still running at the time limit" : "does not start";
  return GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS ? "" : error_text(message.get());
}

Watch::Watch(Pipeline& pipeline) {
  pipeline.on_buffer("f", "sink",
                     [this](GstPad*, GstBuffer* buffer) { waiting_.push_back(bytes_of(buffer)); });
  pipeline.on_buffer("f", "src", [this](GstPad* pad, GstBuffer* buffer) {
    const GstVideoInfo info = info_of(pad);
    const auto before = std::move(waiting_.front());
    waiting_.pop_front();
    auto after = bytes_of(buffer);
    const Frame view = view_of_copy(info, buffer, after);
    const auto changes = [&](auto chosen) {
      return compare(before, after, mark_bytes(view, after, chosen));
    };
    auto black = after;
    cover(view_of_copy(info, buffer, black));
    if (after ==
        black) {  // a live stream does not wait for a machine that is busy with other tests
      ++covered_frames;
      ++frames;
      return;
    }
    const auto regions = faces_of(buffer);
    // Whether a unit lies in a face's box widened by a part of its size.
    const auto within = [&](const auto* face, float margin, int p, int x, int y) {
      const auto& unit = view.format->planes[static_cast<std::size_t>(p)];
      // Of a face that the frame's edge cuts, one side is shorter than the face's.
      const float spare = margin * static_cast<float>(std::max(face->w, face->h)) + 2;
      const auto near = [&](int position, guint start, guint length) {
        const auto at = static_cast<float>(position), first = static_cast<float>(start);
        return at >= first - spare && at <= first + static_cast<float>(length) + spare;
      };
      return near(x * unit.unit_width, face->x, face->w) &&
             near(y * unit.unit_height, face->y, face->h);
    };
    for (const auto* face : regions) {
      faces.push_back({frames,
                       {static_cast<float>(face->x), static_cast<float>(face->y),
                        static_cast<float>(face->w), static_cast<float>(face->h)}});
      const auto changed = changes([&](int p, int x, int y) { return within(face, 0, p, x, y); });
      // At least a twentieth of the box must have changed.
      clear_faces += changed.inside < face->w * face->h / 20;
    }
    // A head reaches half a face's size beyond its box, and one that is held grows by nearly as
    // much.
    spoiled_frames += changes([&](int p, int x, int y) {
                        return std::ranges::any_of(
                            regions, [&](const auto* face) { return within(face, 1, p, x, y); });
                      }).outside > 0;
    ++frames;
  });
}

Movie decode(const std::string& file) {
  // Sound is counted where there is some: decodebin's pads come as it finds them.
  Pipeline pipeline("filesrc location=" + file +
                    " ! decodebin name=d expose-all-streams=true"
                    " videoconvert name=v ! video/x-raw,format=GRAY8 ! fakesink name=p sync=false");
  struct Link {
    GstElement* bin;
    Movie movie;
  } link{pipeline.element.get(), {}};
  const ElementPtr decoder(gst_bin_get_by_name(GST_BIN(link.bin), "d"));
  g_signal_connect(
      decoder.get(), "pad-added", G_CALLBACK(+[](GstElement*, GstPad* pad, Link* self) {
        const CapsPtr caps(gst_pad_query_caps(pad, nullptr));
        const std::string type = gst_structure_get_name(gst_caps_get_structure(caps.get(), 0));
        if (type.starts_with("video/")) {
          const ElementPtr convert(gst_bin_get_by_name(GST_BIN(self->bin), "v"));
          GstPad* sink = gst_element_get_static_pad(convert.get(), "sink");
          gst_pad_link(pad, sink);
          gst_object_unref(sink);
          return;
        }
        GstElement* end = gst_element_factory_make("fakesink", nullptr);
        g_object_set(end, "sync", FALSE, nullptr);
        gst_bin_add(GST_BIN(self->bin), end);
        GstPad* sink = gst_element_get_static_pad(end, "sink");
        gst_pad_link(pad, sink);
        gst_pad_add_probe(
            sink, GST_PAD_PROBE_TYPE_BUFFER,
            [](GstPad*, GstPadProbeInfo*, gpointer count) {
              ++*static_cast<int*>(count);
              return GST_PAD_PROBE_OK;
            },
            &self->movie.audio_buffers, nullptr);
        gst_object_unref(sink);
        gst_element_sync_state_with_parent(end);
      }),
      &link);
  pipeline.on_buffer("p", "sink", [&](GstPad* pad, GstBuffer* buffer) {
    const Mapped mapped(info_of(pad), buffer);
    const Frame view = mapped.view();
    link.movie.pictures.push_back(cv::Mat(view.height, view.width, CV_8UC1, view.planes[0].data,
                                          static_cast<std::size_t>(view.planes[0].stride))
                                      .clone());
    link.movie.end = GST_BUFFER_PTS(buffer) + GST_BUFFER_DURATION(buffer);
  });
  link.movie.error = pipeline.run();
  return std::move(link.movie);
}

void write_scene(const std::string& file, Size size, int count, int pictures_per_second) {
  const TemporaryFolder folder;
  const std::string raw = (folder / "scene.bgr").string();
  std::ofstream out(raw, std::ios::binary);
  for (int i = 0; i < count; ++i) {
    const auto scene =
        eval::render_scene({size.width, size.height}, static_cast<double>(i) / pictures_per_second);
    out.write(reinterpret_cast<const char*>(scene.bgr.data),
              static_cast<std::streamsize>(scene.bgr.total() * scene.bgr.elemSize()));
  }
  out.close();
  Pipeline pipeline("filesrc location=" + raw + " ! rawvideoparse format=bgr width=" +
                    std::to_string(size.width) + " height=" + std::to_string(size.height) +
                    " framerate=" + std::to_string(pictures_per_second) +
                    "/1 ! videoconvert ! video/x-raw,format=I420"
                    " ! x264enc speed-preset=ultrafast tune=zerolatency quantizer=18 pass=quant"
                    " ! matroskamux ! filesink location=" +
                    file);
  if (const auto error = pipeline.run(); !error.empty()) throw std::runtime_error(error);
}

int found(const Movie& movie, const Watch& watch) {
  const auto detector = detector_info(DetectorKind::hog).make("");
  int count = 0;
  for (std::size_t i = 0; i < movie.pictures.size(); ++i) {
    const auto& picture = movie.pictures[i];
    const auto detections = detector->detect(Picture({picture.data, picture.cols, picture.rows,
                                                      static_cast<std::ptrdiff_t>(picture.step)}),
                                             40);
    for (const auto& face : watch.faces)
      count += face.frame == static_cast<int>(i) &&
               std::ranges::any_of(detections,
                                   [&](const auto& d) { return overlap(d.box, face.box) > .4F; });
  }
  return count;
}

void expect_protected(const Movie& clear, const Movie& outcome, const Watch& watch) {
  EXPECT_EQ(clear.error, "");
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(static_cast<std::size_t>(watch.frames), clear.pictures.size());
  ASSERT_EQ(outcome.pictures.size(), clear.pictures.size()) << "pictures were lost or added";
  ASSERT_GT(clear.pictures.size(), 0U);
  EXPECT_EQ(outcome.pictures[0].size(), clear.pictures[0].size());
  EXPECT_EQ(outcome.audio_buffers, clear.audio_buffers);

  EXPECT_EQ(watch.clear_faces, 0);
  EXPECT_LE(watch.covered_frames, watch.frames / 4);
  EXPECT_EQ(watch.spoiled_frames, 0);
  ASSERT_FALSE(watch.faces.empty());
  // What the encoder does to the rest of a picture is little beside what was done to the faces.
  std::vector<cv::Mat> rest;
  for (const auto& picture : clear.pictures) rest.emplace_back(picture.size(), CV_8UC1, 255);
  std::vector<double> in_faces, in_rest;
  for (const auto& [frame, box] : watch.faces) {
    const auto i = static_cast<std::size_t>(frame);
    in_faces.push_back(difference(clear.pictures[i], outcome.pictures[i], features(box)));
    rest[i](pixels(
        {box.x - .7F * box.width, box.y - .7F * box.height, 2.4F * box.width, 2.4F * box.height},
        rest[i])) = 0;
  }
  for (std::size_t i = 0; i < rest.size(); ++i)
    if (const int count = cv::countNonZero(rest[i]); count > 0)
      in_rest.push_back(cv::norm(clear.pictures[i], outcome.pictures[i], cv::NORM_L1, rest[i]) /
                        count);
  EXPECT_GT(median(in_faces), 3 * median(in_rest));
}

Rect features(const Rect& box) {
  return {box.x + box.width / 4, box.y + box.height / 4, box.width / 2, box.height / 2};
}

double difference(const cv::Mat& a, const cv::Mat& b, const Rect& box) {
  const cv::Rect area = pixels(box, a);
  if (area.empty()) return 0;
  return cv::norm(a(area), b(area), cv::NORM_L1) / area.area();
}

}  // namespace faceperturb::test
