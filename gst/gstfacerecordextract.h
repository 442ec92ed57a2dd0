// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/base/gstbasetransform.h>
#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_FACE_RECORD_EXTRACT (gst_face_record_extract_get_type())
G_DECLARE_FINAL_TYPE(GstFaceRecordExtract, gst_face_record_extract, GST, FACE_RECORD_EXTRACT,
                     GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE(facerecordextract)

G_END_DECLS
