// SPDX-License-Identifier: LGPL-2.1-or-later
#include "types.h"

#include <vector>

#include "faces/detector.h"
#include "perturb/methods.h"
#include "regions/regions.h"

namespace faceperturb {
namespace {

// A GEnum or GFlags of a table's entries. value_name is what gst-inspect prints as the description,
// value_nick what users type. GType keeps the pointers, so the array lives for ever.
template <typename Value, typename Table, typename Key>
const Value* values(const Table& table, Key key) {
  auto* result = new std::vector<Value>;
  for (const auto& entry : table)
    result->push_back({static_cast<decltype(Value::value)>(key(entry)), entry.description.data(),
                       entry.name.data()});
  result->push_back({0, nullptr, nullptr});
  return result->data();
}

}  // namespace

GType method_type() {
  static const GType type = g_enum_register_static(
      "GstFacePerturbMethod",
      values<GEnumValue>(methods(), [](const MethodInfo& entry) { return entry.method; }));
  return type;
}

GType regions_type() {
  static const GType type = g_flags_register_static(
      "GstFacePerturbRegions",
      values<GFlagsValue>(region_table(), [](const RegionInfo& entry) { return entry.region; }));
  return type;
}

GType detector_type() {
  static const GType type = g_enum_register_static(
      "GstFacePerturbDetector",
      values<GEnumValue>(detectors(), [](const DetectorInfo& entry) { return entry.kind; }));
  return type;
}

GType on_unchecked_type() {
  static const GEnumValue values[] = {
      {static_cast<gint>(OnUnchecked::cover), "Send a black picture instead", "cover"},
      {static_cast<gint>(OnUnchecked::drop), "Send nothing", "drop"},
      {static_cast<gint>(OnUnchecked::error), "Stop with an error", "error"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstFacePerturbOnUnchecked", values);
  return type;
}

}  // namespace faceperturb
