// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/video/video.h>

#include <opencv2/core.hpp>
#include <span>
#include <string>

#include "clips.h"

namespace bench {

/// What is measured, and with what settings of ours.
struct Case {
  cv::Size size{1280, 720};
  int faces = 1;
  GstVideoFormat format = GST_VIDEO_FORMAT_I420;  ///< of identity and ours
  std::string detector = "auto";
  std::string detector_model{};
  std::string method = "shuffle";
  int streams = 1;
};

/// An element that does something to faces, or nothing at all.
struct Contender {
  const char* name;
  const char* factory;
  const char* package;    ///< Debian's, that has it, or where else it comes from
  GstVideoFormat format;  ///< UNKNOWN: the case's
  /// Sets it up; returns why it cannot be, or nothing.
  std::string (*prepare)(GstElement* element, const Case& wanted);
};

/// Identity, ours, and others' elements, in this order.
std::span<const Contender> contenders();

/// Null, and `fault` says why, where it cannot be had.
Ptr<GstElement> make(const Contender& contender, const Case& wanted, std::string& fault);

}  // namespace bench
