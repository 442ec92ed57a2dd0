// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "options.h"
#include "record/recorder.h"

namespace faceperturb {

/// A property that cannot be used; what() names it, and the file and its fault.
class PropertyError : public std::runtime_error {
 public:
  PropertyError(const std::string& property, const std::string& fault)
      : std::runtime_error(property + ": " + fault) {}
};

/// The key in a file that a property names; nothing where it names none. Throws PropertyError.
std::optional<Secret> read_key(const char* property, const std::string& location);

/// What the options say is to be recorded; null where there is no key. Throws PropertyError.
std::unique_ptr<Recorder> make_recorder(const Options& options);

}  // namespace faceperturb
