// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/datasets.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace faceperturb::eval {
namespace {

namespace fs = std::filesystem;

bool is_picture(const fs::path& file) {
  static constexpr std::array<std::string_view, 7> kinds{".jpg", ".jpeg", ".png", ".pgm",
                                                         ".ppm", ".bmp",  ".tif"};
  std::string extension = file.extension();
  std::ranges::transform(extension, extension.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::find(kinds, extension) != kinds.end() && fs::is_regular_file(file);
}

std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> result;
  for (const auto& entry : fs::directory_iterator(folder)) result.push_back(entry.path());
  std::ranges::sort(result);
  return result;
}

void add_people(const fs::path& folder, Dataset& set) {
  for (const fs::path& person : entries(folder)) {
    if (!fs::is_directory(person)) continue;
    for (const fs::path& file : entries(person))
      if (is_picture(file)) set.samples.push_back({file, person.filename(), {}});
  }
}

}  // namespace

Dataset load_dataset(const fs::path& folder) {
  if (!fs::is_directory(folder)) throw DatasetError("'" + folder.string() + "' is no folder");
  Dataset set;
  set.name = fs::canonical(folder).filename();
  set.convention = "one folder a person";
  add_people(folder, set);
  if (set.samples.empty())
    throw DatasetError("'" + folder.string() + "' has no folders with pictures in them");
  return set;
}

}  // namespace faceperturb::eval
