// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-facerecordextract
 * @title: facerecordextract
 * @short_description: reads the record of each frame out of an H.264 or H.265 stream
 *
 * Puts the record that facerecordinsert wrote into a stream back on each access unit. It stands
 * behind the parser and before the decoder, which carries the record on to the frame and so to
 * facerestore. A frame without a record passes as it is.
 *
 * h264parse of GStreamer 1.22 reads such messages as well, so that behind decodebin an H.264 stream
 * has its records; h265parse does not.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=out.mp4 ! qtdemux ! h264parse ! facerecordextract ! avdec_h264 !
 * facerestore key-location=secret.key ! videoconvert ! x264enc ! mp4mux !
 * filesink location=restored.mp4
 * ]| Restores what was protected with that key.
 */

#include "gstfacerecordextract.h"

#include <exception>

#include "access_units.h"
#include "record_meta.h"

GST_DEBUG_CATEGORY_STATIC(face_record_extract_debug);
#define GST_CAT_DEFAULT face_record_extract_debug

namespace fp = faceperturb;

struct _GstFaceRecordExtract {
  GstBaseTransform parent;
  fp::NalFormat format;
};

G_DEFINE_TYPE_WITH_CODE(GstFaceRecordExtract, gst_face_record_extract, GST_TYPE_BASE_TRANSFORM,
                        GST_DEBUG_CATEGORY_INIT(face_record_extract_debug, "facerecordextract", 0,
                                                "records out of streams"))
GST_ELEMENT_REGISTER_DEFINE(facerecordextract, "facerecordextract", GST_RANK_NONE,
                            GST_TYPE_FACE_RECORD_EXTRACT)

namespace {

gboolean set_caps(GstBaseTransform* base, GstCaps* caps, GstCaps*) {
  const auto format = fp::nal_format(GST_ELEMENT(base), caps);
  if (format) GST_FACE_RECORD_EXTRACT(base)->format = *format;
  return format.has_value();
}

GstFlowReturn transform_ip(GstBaseTransform* base, GstBuffer* buffer) {
  try {
    const fp::MappedBytes access_unit(buffer);
    if (!access_unit) throw fp::SeiError("an access unit cannot be read");
    if (const auto record =
            fp::record_in(GST_FACE_RECORD_EXTRACT(base)->format, access_unit.bytes()))
      fp::attach_record(buffer, *record);
    return GST_FLOW_OK;
  } catch (const std::exception& error) {
    GST_ELEMENT_ERROR(base, STREAM, DECODE,
                      ("The record of a frame cannot be read from the stream: %s.", error.what()),
                      (nullptr));
    return GST_FLOW_ERROR;
  }
}

}  // namespace

static void gst_face_record_extract_class_init(GstFaceRecordExtractClass* klass) {
  auto* element_class = GST_ELEMENT_CLASS(klass);
  gst_element_class_set_static_metadata(
      element_class, "Face record extractor", "Codec/Filter/Video",
      "Reads the encrypted record of each frame out of an H.264 or H.265 stream",
      "The faceperturb developers");
  fp::add_access_unit_pads(element_class);

  auto* base_class = GST_BASE_TRANSFORM_CLASS(klass);
  base_class->set_caps = set_caps;
  base_class->transform_ip = transform_ip;
}

static void gst_face_record_extract_init(GstFaceRecordExtract*) {}
