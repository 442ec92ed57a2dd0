// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib-object.h>

namespace faceperturb {

/// What becomes of a frame that could not be checked.
enum class OnUnchecked { cover, drop, error };

/// Enumerations and flags for properties; methods, regions and detectors come from the library's
/// tables.
GType method_type();
GType regions_type();
GType detector_type();
GType on_unchecked_type();

}  // namespace faceperturb
