// SPDX-License-Identifier: LGPL-2.1-or-later
#include "raw_video.h"

namespace faceperturb {

GstPadTemplate* raw_video_template(const gchar* name, GstPadDirection direction) {
  GValue names = G_VALUE_INIT;
  g_value_init(&names, GST_TYPE_LIST);
  for (const auto& entry : formats()) {
    GValue item = G_VALUE_INIT;
    g_value_init(&item, G_TYPE_STRING);
    g_value_set_static_string(&item, entry.name.data());
    gst_value_list_append_and_take_value(&names, &item);
  }
  GstCaps* caps = gst_caps_new_simple("video/x-raw", "width", GST_TYPE_INT_RANGE, 16, 32767,
                                      "height", GST_TYPE_INT_RANGE, 16, 32767, "framerate",
                                      GST_TYPE_FRACTION_RANGE, 0, 1, G_MAXINT, 1, nullptr);
  gst_caps_set_value(caps, "format", &names);
  g_value_unset(&names);
  GstPadTemplate* result = gst_pad_template_new(name, direction, GST_PAD_ALWAYS, caps);
  gst_caps_unref(caps);
  return result;
}

const FormatInfo* parse_raw_video(const GstCaps* caps, GstVideoInfo& info) {
  if (!gst_video_info_from_caps(&info, caps)) return nullptr;
  return find_format(gst_video_format_to_string(GST_VIDEO_INFO_FORMAT(&info)));
}

}  // namespace faceperturb
