// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <initializer_list>
#include <string>
#include <string_view>

namespace examples {

/// Makes an element of that kind and adds it to `bin`, which then owns it. Where the plugin is
/// missing, throws a Failure that says what to install.
GstElement* add_element(GstBin* bin, const char* factory);

/// What to tell a user who lacks the plugin of an element.
std::string missing_element(std::string_view factory);

/// The first of the kinds that is installed; a Failure that says what to install where none is.
const char* first_installed(std::initializer_list<const char*> factories);

/// Links the elements in their order; throws a Failure.
void link_all(std::initializer_list<GstElement*> elements);

/// Sets a property from its name and text, as gst-launch-1.0 does; throws a Failure where the
/// element has no such property or the text is no value of it.
void set_property(GstElement* element, const std::string& name, const std::string& value);

/// What an error message says, with the details that help.
std::string error_text(GstMessage* message);

/// Makes a uridecodebin refuse what a camera offers beside video and audio: metadata streams, for
/// which there is no decoder, would end it with an error.
void only_video_and_audio(GstElement* uridecodebin);

}  // namespace examples
