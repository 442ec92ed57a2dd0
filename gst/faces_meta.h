// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/video/video.h>

#include <vector>

#include "faces/detector.h"
#include "guard/lookahead.h"

namespace faceperturb {

/// Faces as other elements see them: region of interest metadata of type "face" with a structure
/// "faceperturb" (confidence, track-id, state), and the element message of the same name.
void attach_faces(GstBuffer* buffer, const Verdict& verdict, const GstVideoInfo& info);
GstMessage* faces_message(GstElement* element, GstBuffer* buffer, const Verdict& verdict,
                          const GstVideoInfo& info, const GstSegment& segment);

/// The faces that an element before this one attached, in frame pixels.
std::vector<Detection> attached_faces(GstBuffer* buffer);

}  // namespace faceperturb
