// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/base/gstbasetransform.h>
#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_FACE_RESTORE (gst_face_restore_get_type())
G_DECLARE_FINAL_TYPE(GstFaceRestore, gst_face_restore, GST, FACE_RESTORE, GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE(facerestore)

G_END_DECLS
