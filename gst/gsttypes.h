// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib-object.h>

/// What becomes of a frame that could not be checked.
enum class OnUnchecked { cover, drop, error };
enum class DetectorChoice { automatic, hog };

/// Enumerations and flags for properties; methods and regions come from the library's tables.
GType gst_face_perturb_method_get_type();
GType gst_face_perturb_regions_get_type();
GType gst_face_perturb_detector_get_type();
GType gst_face_perturb_on_unchecked_get_type();
