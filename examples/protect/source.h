// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace protect {

/// Where the picture comes from.
struct Source {
  std::string uri;
  std::string name;  ///< for messages: without a password
};

/// What a user calls an input: a file or a URI. Throws a Failure where it is no readable file.
Source make_source(const std::string& input);

}  // namespace protect
