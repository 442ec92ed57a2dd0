// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "protector.h"

namespace faceperturb::eval {

/// A method and what it is told, as the evaluation names it.
struct Variant {
  std::string method;  ///< with its parameter: "noise 0.2"
  std::string area;    ///< "eyes+nose+mouth", "n=8000"
  Settings settings;

  std::string name() const { return method + ", " + area; }
};

/// Every method, those with a parameter once for each value that the paper compares; of the paper's
/// regions, with `pixels` a face.
std::vector<Variant> methods_at(int pixels);

/// The same of the whole of some regions.
std::vector<Variant> methods_on(Regions regions);

std::string name_of(Regions regions);

}  // namespace faceperturb::eval
