// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/variants.h"

namespace faceperturb::eval {
namespace {

std::vector<Variant> each_method(const std::string& area, Settings settings) {
  std::vector<Variant> variants;
  for (const MethodInfo& info : methods()) {
    settings.method = info.method;
    variants.push_back({std::string(info.name), area, settings});
  }
  return variants;
}

}  // namespace

std::vector<Variant> methods_at(int pixels) {
  Settings settings;
  settings.pixels = pixels;
  return each_method("n=" + std::to_string(pixels), settings);
}

std::vector<Variant> methods_on(Regions regions) {
  Settings settings;
  settings.regions = regions;
  return each_method(name_of(regions), settings);
}

std::string name_of(Regions regions) {
  std::string name;
  for (const RegionInfo& info : region_table()) {
    if (!has(regions, info.region)) continue;
    if (!name.empty()) name += '+';
    name += info.name;
  }
  return name;
}

}  // namespace faceperturb::eval
