// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gsttypes.h"

#include <vector>

#include "perturb/methods.h"
#include "regions/regions.h"

using namespace faceperturb;

// GEnumValue's value_name is what gst-inspect prints as the description, value_nick what users
// type. GType keeps the pointers, so the arrays live for ever.

GType gst_face_perturb_method_get_type() {
  static const GType type = [] {
    static std::vector<GEnumValue> values;
    for (const auto& entry : methods())
      values.push_back(
          {static_cast<gint>(entry.method), entry.description.data(), entry.name.data()});
    values.push_back({0, nullptr, nullptr});
    return g_enum_register_static("GstFacePerturbMethod", values.data());
  }();
  return type;
}

GType gst_face_perturb_regions_get_type() {
  static const GType type = [] {
    static std::vector<GFlagsValue> values;
    for (const auto& entry : region_table())
      values.push_back(
          {static_cast<guint>(entry.region), entry.description.data(), entry.name.data()});
    values.push_back({0, nullptr, nullptr});
    return g_flags_register_static("GstFacePerturbRegions", values.data());
  }();
  return type;
}

GType gst_face_perturb_detector_get_type() {
  static const GType type = [] {
    static const GEnumValue values[] = {{static_cast<gint>(DetectorChoice::automatic),
                                         "The best that is available: at present hog", "auto"},
                                        {static_cast<gint>(DetectorChoice::hog),
                                         "dlib's frontal HOG detector, needs no file", "hog"},
                                        {0, nullptr, nullptr}};
    return g_enum_register_static("GstFacePerturbDetector", values);
  }();
  return type;
}

GType gst_face_perturb_on_unchecked_get_type() {
  static const GType type = [] {
    static const GEnumValue values[] = {
        {static_cast<gint>(OnUnchecked::cover), "Send a black picture instead", "cover"},
        {static_cast<gint>(OnUnchecked::drop), "Send nothing", "drop"},
        {static_cast<gint>(OnUnchecked::error), "Stop with an error", "error"},
        {0, nullptr, nullptr}};
    return g_enum_register_static("GstFacePerturbOnUnchecked", values);
  }();
  return type;
}
