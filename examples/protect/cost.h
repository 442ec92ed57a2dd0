// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

namespace protect {

/// About how many seconds the work on a file will take, as one of a plan: by the length and size of
/// a video's picture, else by the bytes. Throws nothing for a file that is damaged.
double estimate(const std::filesystem::path& file);

/// Divides pieces of work into `parts` of about equal work (longest processing time first): the
/// part of each. Depends on nothing but its arguments.
std::vector<std::size_t> divide(const std::vector<double>& costs, std::size_t parts);

}  // namespace protect
