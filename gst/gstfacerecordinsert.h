// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/base/gstbasetransform.h>
#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_FACE_RECORD_INSERT (gst_face_record_insert_get_type())
G_DECLARE_FINAL_TYPE(GstFaceRecordInsert, gst_face_record_insert, GST, FACE_RECORD_INSERT,
                     GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE(facerecordinsert)

G_END_DECLS
