// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace bench {

/// Debian does not have libfacedetection (https://github.com/ShiqiYu/libfacedetection): it is built
/// from a checkout, for this processor, and an element of this name finds faces with it in every
/// BGR frame, whole, and blurs them as faceblur does.
constexpr char libfacedetection_element[] = "libfacedetection-blur";

/// Builds it, loads it and registers the element. The compiler is c++, or what CXX says. Throws
/// std::runtime_error, with what the compiler said, where that fails.
void add_libfacedetection(const std::string& checkout);

}  // namespace bench
