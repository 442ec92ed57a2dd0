// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "faces/face.h"
#include "faces/flow.h"

namespace faceperturb {

/// The similarity that carries `from` onto `to` with the least squared error over brows, eyes, nose
/// and mouth.
Similarity align(const Landmarks& from, const Landmarks& to);

/// The similarity that carries landmarks as a frontal face has them onto `face`: onto its
/// landmarks, or, where it has none, into its box, upright.
Similarity align(const Landmarks& from, const Face& face);

Similarity inverse(const Similarity& similarity);

}  // namespace faceperturb
