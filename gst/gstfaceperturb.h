// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/base/gstbasetransform.h>
#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_FACE_PERTURB (gst_face_perturb_get_type())
G_DECLARE_FINAL_TYPE(GstFacePerturb, gst_face_perturb, GST, FACE_PERTURB, GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE(faceperturb)

G_END_DECLS
