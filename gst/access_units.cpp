// SPDX-License-Identifier: LGPL-2.1-or-later
#include "access_units.h"

#include <string_view>

namespace faceperturb {

void add_access_unit_pads(GstElementClass* element_class) {
  GstCaps* caps = gst_caps_from_string(
      "video/x-h264, stream-format=(string){ byte-stream, avc, avc3 }, alignment=(string)au; "
      "video/x-h265, stream-format=(string){ byte-stream, hvc1, hev1 }, alignment=(string)au");
  gst_element_class_add_pad_template(
      element_class, gst_pad_template_new("sink", GST_PAD_SINK, GST_PAD_ALWAYS, caps));
  gst_element_class_add_pad_template(
      element_class, gst_pad_template_new("src", GST_PAD_SRC, GST_PAD_ALWAYS, caps));
  gst_caps_unref(caps);
}

std::optional<NalFormat> nal_format(GstElement* element, const GstCaps* caps) {
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  NalFormat format;
  if (gst_structure_has_name(structure, "video/x-h265")) format.codec = VideoCodec::h265;
  const gchar* stream_format = gst_structure_get_string(structure, "stream-format");
  if (stream_format && stream_format == std::string_view("byte-stream")) return format;

  const GValue* value = gst_structure_get_value(structure, "codec_data");
  if (GstBuffer* codec_data = value ? gst_value_get_buffer(value) : nullptr) {
    const MappedBytes configuration(codec_data);
    if (const auto size = nal_length_size(format.codec, configuration.bytes())) {
      format.length_size = *size;
      return format;
    }
  }
  GST_ELEMENT_ERROR(element, STREAM, FORMAT,
                    ("The stream does not say how its NAL units are written: its caps have no "
                     "usable codec_data."),
                    ("Put h264parse or h265parse before this element. Caps: %" GST_PTR_FORMAT,
                     static_cast<const void*>(caps)));
  return std::nullopt;
}

}  // namespace faceperturb
