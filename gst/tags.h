// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

namespace faceperturb {

/// A tag event without covers, previews, attachments and all else that may be a picture: texts,
/// numbers and dates stay. Takes the event over and returns it, or one in its place.
GstEvent* without_pictures(GstEvent* tags);

}  // namespace faceperturb
