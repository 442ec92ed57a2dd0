// SPDX-License-Identifier: LGPL-2.1-or-later
#include "contenders.h"

#include <array>
#include <filesystem>

#include "libfacedetection.h"

namespace bench {
namespace {

constexpr char cascade[] = "/usr/share/opencv4/haarcascades/haarcascade_frontalface_default.xml";

std::string nothing(GstElement*, const Case&) { return {}; }

std::string ours(GstElement* element, const Case& wanted) {
  gst_util_set_object_arg(G_OBJECT(element), "detector", wanted.detector.c_str());
  gst_util_set_object_arg(G_OBJECT(element), "method", wanted.method.c_str());
  g_object_set(element, "detector-model", wanted.detector_model.c_str(), nullptr);
  // In a crowd faces are smaller than is looked for otherwise.
  if (wanted.faces > 20) g_object_set(element, "min-face-size", wanted.size.height / 20, nullptr);
  return {};
}

// The default of both names a file that Debian does not have: they would do nothing.
std::string needs_cascade(GstElement* element, const char* property) {
  if (!std::filesystem::exists(cascade)) return "no cascade file (opencv-data)";
  g_object_set(element, property, cascade, nullptr);
  return {};
}
std::string faceblur(GstElement* element, const Case&) { return needs_cascade(element, "profile"); }
std::string facebl0r(GstElement* element, const Case&) {
  return needs_cascade(element, "classifier");
}

constexpr std::array table{
    Contender{"identity", "identity", "libgstreamer1.0-0", GST_VIDEO_FORMAT_UNKNOWN, nothing},
    Contender{"faceperturb", "faceperturb", "is GST_PLUGIN_PATH set?", GST_VIDEO_FORMAT_UNKNOWN,
              ours},
    Contender{"faceblur", "faceblur", "gstreamer1.0-opencv", GST_VIDEO_FORMAT_RGB, faceblur},
    Contender{"facebl0r", "frei0r-filter-facebl0r", "frei0r-plugins and gstreamer1.0-plugins-bad",
              GST_VIDEO_FORMAT_BGRA, facebl0r},
    Contender{"libfacedetection", libfacedetection_element, "--libfacedetection=CHECKOUT builds it",
              GST_VIDEO_FORMAT_BGR, nothing},
};

}  // namespace

std::span<const Contender> contenders() { return table; }

Ptr<GstElement> make(const Contender& contender, const Case& wanted, std::string& fault) {
  Ptr<GstElement> element(gst_element_factory_make(contender.factory, nullptr));
  if (!element) {
    fault = std::string("not installed (") + contender.package + ")";
    return nullptr;
  }
  gst_object_ref_sink(element.get());
  fault = contender.prepare(element.get(), wanted);
  if (!fault.empty()) return nullptr;
  return element;
}

}  // namespace bench
