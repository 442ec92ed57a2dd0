// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/video/video.h>

#include "frame/format.h"

namespace faceperturb {

/// An always pad of raw video in every format of the library.
GstPadTemplate* raw_video_template(const gchar* name, GstPadDirection direction);

/// Fills `info` and returns the format, or nullptr where the caps are none of the template's.
const FormatInfo* parse_raw_video(const GstCaps* caps, GstVideoInfo& info);

}  // namespace faceperturb
