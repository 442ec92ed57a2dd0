// SPDX-License-Identifier: LGPL-2.1-or-later
#include "faces_meta.h"

#include <algorithm>

namespace faceperturb {
namespace {

// A face's box in whole pixels inside the frame.
GstVideoRectangle clipped(const Rect& box, const GstVideoInfo& info) {
  const auto within = [](float value, int limit) {
    return static_cast<int>(std::clamp(value, 0.F, static_cast<float>(limit)));
  };
  const int left = within(box.x, info.width), top = within(box.y, info.height);
  return {left, top, within(box.x + box.width, info.width) - left,
          within(box.y + box.height, info.height) - top};
}

const gchar* state_name(const Face& face) {
  return name(face.held ? FrameState::held : FrameState::checked).data();
}

}  // namespace

void attach_faces(GstBuffer* buffer, const Verdict& verdict, const GstVideoInfo& info) {
  for (const Face& face : verdict.faces) {
    const auto box = clipped(face.box, info);
    auto* meta = gst_buffer_add_video_region_of_interest_meta(
        buffer, "face", static_cast<guint>(box.x), static_cast<guint>(box.y),
        static_cast<guint>(box.w), static_cast<guint>(box.h));
    meta->id = static_cast<gint>(face.id);
    gst_video_region_of_interest_meta_add_param(
        meta, gst_structure_new("faceperturb", "confidence", G_TYPE_DOUBLE, double{face.score},
                                "track-id", G_TYPE_UINT, face.id, "state", G_TYPE_STRING,
                                state_name(face), nullptr));
  }
}

GstMessage* faces_message(GstElement* element, GstBuffer* buffer, const Verdict& verdict,
                          const GstVideoInfo& info, const GstSegment& segment) {
  GValue faces = G_VALUE_INIT;
  g_value_init(&faces, GST_TYPE_LIST);
  for (const Face& face : verdict.faces) {
    const auto box = clipped(face.box, info);
    GValue item = G_VALUE_INIT;
    g_value_init(&item, GST_TYPE_STRUCTURE);
    g_value_take_boxed(
        &item, gst_structure_new("face", "x", G_TYPE_INT, box.x, "y", G_TYPE_INT, box.y, "width",
                                 G_TYPE_INT, box.w, "height", G_TYPE_INT, box.h, "confidence",
                                 G_TYPE_DOUBLE, double{face.score}, "track-id", G_TYPE_UINT,
                                 face.id, "state", G_TYPE_STRING, state_name(face), nullptr));
    gst_value_list_append_and_take_value(&faces, &item);
  }
  const GstClockTime time = GST_BUFFER_PTS(buffer);
  GstStructure* structure = gst_structure_new(
      "faceperturb", "timestamp", G_TYPE_UINT64, time, "stream-time", G_TYPE_UINT64,
      gst_segment_to_stream_time(&segment, GST_FORMAT_TIME, time), "running-time", G_TYPE_UINT64,
      gst_segment_to_running_time(&segment, GST_FORMAT_TIME, time), "duration", G_TYPE_UINT64,
      GST_BUFFER_DURATION(buffer), "state", G_TYPE_STRING, name(verdict.state).data(), nullptr);
  gst_structure_take_value(structure, "faces", &faces);
  return gst_message_new_element(GST_OBJECT(element), structure);
}

std::vector<Detection> attached_faces(GstBuffer* buffer) {
  static const GQuark face = g_quark_from_static_string("face");
  std::vector<Detection> found;
  gpointer state = nullptr;
  while (auto* meta = gst_buffer_iterate_meta_filtered(
             buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)) {
    const auto* roi = reinterpret_cast<GstVideoRegionOfInterestMeta*>(meta);
    if (roi->roi_type != face || roi->w == 0 || roi->h == 0) continue;
    Detection detection;
    detection.box = {static_cast<float>(roi->x), static_cast<float>(roi->y),
                     static_cast<float>(roi->w), static_cast<float>(roi->h)};
    detection.score = 1;
    found.push_back(detection);
  }
  return found;
}

}  // namespace faceperturb
