// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <functional>
#include <string>

#include "formats.h"
#include "limit.h"

namespace protect {

/// Hears what is not as in the original.
using Notes = std::function<void(const std::string&)>;

/// Caps at which a decoder is to stop: raw pictures, and all that travels beside them as it is.
std::string decoder_caps(const Container& container);

/// Elements that bring a stream of sound to the muxer: as it is where the container takes it, else
/// encoded anew. Returns the first, to which the stream is to be linked. Throws a Failure.
GstElement* add_sound(GstBin* bin, GstCaps* caps, const Container& container, GstElement* mux,
                      Limit& limit, const Notes& notes, bool strip);

/// The same for subtitles.
GstElement* add_subtitles(GstBin* bin, GstCaps* caps, const Container& container, GstElement* mux,
                          bool strip);

/// A queue for encoded data, which is little: it holds as much as comes, so that a muxer that waits
/// for one stream does not stop the other.
GstElement* add_unlimited_queue(GstBin* bin);

/// Links an element to a new pad of a muxer and returns that; `kind` is video, audio or subtitle.
/// Tags pass it that are text, numbers or dates: never pictures, such as a cover or a thumbnail,
/// which show what the video does; with `strip` none but languages, and no chapters. Throws a
/// Failure.
GstPad* link_to_muxer(GstElement* last, GstElement* mux, const std::string& kind, bool strip);

}  // namespace protect
