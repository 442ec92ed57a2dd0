// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-facerecordinsert
 * @title: facerecordinsert
 * @short_description: writes the record of each frame into an H.264 or H.265 stream
 *
 * The encrypted record that faceperturb puts on a frame goes with it through the encoder. This
 * element, behind the encoder, writes it into the stream: a message "user data unregistered" before
 * the picture's first slice, which players skip. It stays there in MP4, Matroska, MPEG-TS and RTP,
 * also when the stream is copied from one into another, but not when it is encoded again. Behind
 * the parser and before the decoder, facerecordextract reads it.
 *
 * A record that cannot be written, for one because it is longer than a mebibyte, is an error:
 * without it the frame could not be restored. A frame without a record passes as it is.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=in.mp4 ! decodebin ! videoconvert !
 * faceperturb key-location=secret.key attach-record=true ! videoconvert ! x264enc ! h264parse !
 * facerecordinsert ! mp4mux ! filesink location=out.mp4
 * ]| Protects a file so that it can be restored without a second one.
 */

#include "gstfacerecordinsert.h"

#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "access_units.h"
#include "record_meta.h"

GST_DEBUG_CATEGORY_STATIC(face_record_insert_debug);
#define GST_CAT_DEFAULT face_record_insert_debug

namespace fp = faceperturb;

struct _GstFaceRecordInsert {
  GstBaseTransform parent;
  fp::NalFormat format;
};

G_DEFINE_TYPE_WITH_CODE(GstFaceRecordInsert, gst_face_record_insert, GST_TYPE_BASE_TRANSFORM,
                        GST_DEBUG_CATEGORY_INIT(face_record_insert_debug, "facerecordinsert", 0,
                                                "records into streams"))
GST_ELEMENT_REGISTER_DEFINE(facerecordinsert, "facerecordinsert", GST_RANK_NONE,
                            GST_TYPE_FACE_RECORD_INSERT)

namespace {

gboolean set_caps(GstBaseTransform* base, GstCaps* caps, GstCaps*) {
  const auto format = fp::nal_format(GST_ELEMENT(base), caps);
  if (format) GST_FACE_RECORD_INSERT(base)->format = *format;
  return format.has_value();
}

// What is to be put into an access unit; nothing where it has no record, or is a stream's that has
// it already. Throws where its record cannot be put there.
std::optional<fp::Insertion> insertion(const fp::NalFormat& format, GstBuffer* buffer) {
  const auto record = fp::attached_record(buffer);
  if (!record) return std::nullopt;
  const fp::MappedBytes access_unit(buffer);
  if (!access_unit) throw fp::SeiError("an access unit cannot be read");
  const auto present = fp::record_in(format, access_unit.bytes());
  if (!present) return fp::insertion_of_record(format, access_unit.bytes(), *record);
  if (*present != *record) throw fp::SeiError("an access unit has another record already");
  return std::nullopt;
}

// The same access unit, with what is inserted in it; the rest of its memory is shared.
GstBuffer* joined(GstBuffer* buffer, fp::Insertion inserted) {
  GstBuffer* result = gst_buffer_new();
  gst_buffer_copy_into(result, buffer, GST_BUFFER_COPY_METADATA, 0, ~gsize{0});
  gst_buffer_copy_into(result, buffer, GST_BUFFER_COPY_MEMORY, 0, inserted.position);
  auto* bytes = new std::vector(std::move(inserted.bytes));
  gst_buffer_append_memory(
      result, gst_memory_new_wrapped(
                  GST_MEMORY_FLAG_READONLY, bytes->data(), bytes->size(), 0, bytes->size(), bytes,
                  [](gpointer data) { delete static_cast<std::vector<std::uint8_t>*>(data); }));
  gst_buffer_copy_into(result, buffer, GST_BUFFER_COPY_MEMORY, inserted.position, ~gsize{0});
  return result;
}

GstFlowReturn generate_output(GstBaseTransform* base, GstBuffer** output) {
  *output = nullptr;
  GstBuffer* buffer = std::exchange(base->queued_buf, nullptr);
  if (!buffer) return GST_FLOW_OK;
  GstFlowReturn flow = GST_FLOW_OK;
  try {
    auto inserted = insertion(GST_FACE_RECORD_INSERT(base)->format, buffer);
    *output = inserted ? joined(buffer, std::move(*inserted)) : gst_buffer_ref(buffer);
  } catch (const std::exception& error) {
    GST_ELEMENT_ERROR(
        base, STREAM, ENCODE,
        ("The record of a frame cannot be written into the stream: %s.", error.what()),
        ("Without it the frame at %" GST_TIME_FORMAT " could not be restored.",
         GST_TIME_ARGS(GST_BUFFER_PTS(buffer))));
    flow = GST_FLOW_ERROR;
  }
  gst_buffer_unref(buffer);
  return flow;
}

}  // namespace

static void gst_face_record_insert_class_init(GstFaceRecordInsertClass* klass) {
  auto* element_class = GST_ELEMENT_CLASS(klass);
  gst_element_class_set_static_metadata(
      element_class, "Face record inserter", "Codec/Filter/Video",
      "Writes the encrypted record of each frame into an H.264 or H.265 stream",
      "The faceperturb developers");
  fp::add_access_unit_pads(element_class);

  auto* base_class = GST_BASE_TRANSFORM_CLASS(klass);
  base_class->set_caps = set_caps;
  base_class->generate_output = generate_output;
}

static void gst_face_record_insert_init(GstFaceRecordInsert* element) {
  gst_base_transform_set_in_place(GST_BASE_TRANSFORM(element), TRUE);
}
