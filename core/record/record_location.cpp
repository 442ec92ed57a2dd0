// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>
#include <regex>

#include "record/record_file.h"

namespace faceperturb {

RecordLocation::RecordLocation(std::string location) : location_(std::move(location)) {
  static const std::regex whole_number("%(0[1-9])?d");
  const auto first = std::sregex_iterator(location_.begin(), location_.end(), whole_number);
  const auto count = std::distance(first, std::sregex_iterator());
  const auto percents = std::ranges::count(location_, '%');
  has_parts_ = count == 1;
  if (percents != count || count > 1)
    throw RecordError("'" + location_ +
                      "' may hold one %d or %05d for the number of a part, and no other %");
}

std::filesystem::path RecordLocation::part(unsigned number) const {
  if (!has_parts_) return location_;
  const auto percent = location_.find('%');
  const auto end = location_.find('d', percent) + 1;
  const bool padded = end - percent == 4;
  std::array<char, 16> digits{};
  std::snprintf(digits.data(), digits.size(), "%0*u", padded ? location_[percent + 2] - '0' : 1,
                number);
  return location_.substr(0, percent) + digits.data() + location_.substr(end);
}

}  // namespace faceperturb
