// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <string>

#include "guard/lookahead.h"
#include "protector.h"
#include "types.h"

namespace faceperturb {

/// What a user sets on the element at any time; copied for every frame.
struct FrameOptions {
  Settings frame;
  int min_face_size = 0;  // luma pixels; 0: default_min_face_size()
  OnUnchecked on_unchecked = OnUnchecked::cover;
  bool attach_meta = true;
  bool attach_record = false;
  bool post_messages = false;
};

/// All that a user sets; what FrameOptions does not have, in NULL or READY.
struct Options : FrameOptions {
  DetectorKind detector = DetectorKind::automatic;
  std::string detector_model;
  std::string landmark_model = DEFAULT_LANDMARK_MODEL;
  std::string key_location;
  std::string escrow_key_location;
  std::string record_location;
  std::uint64_t record_max_size = 0;  // bytes
  Lookahead::Options guard;
};

/// Property numbers from 1; those from `other_properties` are the element's own.
constexpr guint other_properties = 100;

void install_options(GObjectClass* klass);
/// False where `id` is none of the options.
bool set_option(Options& options, guint id, const GValue* value);
bool get_option(const Options& options, guint id, GValue* value);

}  // namespace faceperturb
