// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/variants.h"

#include <algorithm>
#include <array>

namespace faceperturb::eval {
namespace {

// The values of parameters that are compared, the paper's under its own scales.
struct Compared {
  Parameter parameter;
  double value;
  const char* name;
};
constexpr std::array compared{
    Compared{Parameter::average_levelling, 0, ""},
    Compared{Parameter::average_levelling, 1, "levelled"},
    Compared{Parameter::noise_sigma, 0.2, "0.2"},
    Compared{Parameter::noise_sigma, 0.8, "0.8"},
    Compared{Parameter::superpixel_size, 16, "16"},
    Compared{Parameter::superpixel_size, 24, "24"},
};

std::vector<Variant> each_method(const std::string& area, Settings settings) {
  std::vector<Variant> variants;
  for (const MethodInfo& info : methods()) {
    settings.method = info.method;
    const auto own = [&](const Compared& value) {
      return parameters()[static_cast<std::size_t>(value.parameter)].method == info.method;
    };
    if (std::ranges::none_of(compared, own))
      variants.push_back({std::string(info.name), area, settings});
    for (const Compared& value : compared) {
      if (!own(value)) continue;
      Variant variant{std::string(info.name), area, settings};
      if (*value.name) (variant.method += ' ') += value.name;
      variant.settings.parameters.set(value.parameter, value.value);
      variants.push_back(std::move(variant));
    }
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
