// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/datasets.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <initializer_list>
#include <map>
#include <string_view>

#include "eval/truth.h"

namespace faceperturb::eval {
namespace {

namespace fs = std::filesystem;

bool has_extension(const fs::path& file, std::initializer_list<std::string_view> extensions) {
  std::string own = file.extension();
  std::ranges::transform(own, own.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::find(extensions, own) != extensions.end() && fs::is_regular_file(file);
}

bool is_picture(const fs::path& file) {
  return has_extension(file, {".jpg", ".jpeg", ".png", ".pgm", ".ppm", ".bmp", ".tif"});
}

bool is_video(const fs::path& file) {
  return has_extension(file, {".mpg", ".mpeg", ".mp4", ".mkv", ".avi", ".mov", ".webm"});
}

std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> result;
  for (const auto& entry : fs::directory_iterator(folder)) result.push_back(entry.path());
  std::ranges::sort(result);
  return result;
}

std::vector<fs::path> with_extension(const fs::path& folder, std::string_view extension) {
  auto found = entries(folder);
  std::erase_if(found, [&](const fs::path& file) { return !has_extension(file, {extension}); });
  return found;
}

std::vector<fs::path> pictures(const fs::path& folder) {
  auto found = entries(folder);
  std::erase_if(found, [](const fs::path& file) { return !is_picture(file); });
  return found;
}

template <typename Read>
void try_reading(Dataset& set, Read read) {
  try {
    read();
  } catch (const DatasetError& error) {
    set.faults.emplace_back(error.what());
  }
}

void add_files(Dataset& set, const fs::path& folder, const TruthOfFiles& truth) {
  for (const auto& [name, faces] : truth) {
    if (is_picture(folder / name))
      set.samples.push_back({folder / name, {}, faces});
    else
      set.faults.push_back("'" + (folder / name).string() +
                           "' is named by the truth and not there");
  }
}

void add_videos(const fs::path& folder, Dataset& set) {
  for (const fs::path& file : entries(folder)) {
    if (!is_video(file)) continue;
    set.clips.push_back({file, {}});
    if (fs::exists(folder / "gt.txt"))
      try_reading(set, [&] { set.clips.back().boxes = read_boxes(folder / "gt.txt"); });
  }
}

// Of several files about the same pictures, that which knows most landmarks.
void add_dlib(const fs::path& folder, Dataset& set) {
  TruthOfFiles best;
  std::size_t most = 0;
  for (const fs::path& file : with_extension(folder, ".xml")) {
    try_reading(set, [&] {
      const auto truth = read_dlib_xml(file);
      std::size_t known = 1;
      for (const auto& [name, faces] : truth)
        known += static_cast<std::size_t>(std::ranges::count_if(
            faces, [](const TruthFace& face) { return face.landmarks.has_value(); }));
      if (known > most) {
        most = known;
        best = truth;
      }
    });
  }
  add_files(set, folder, best);
}

void add_voc(const fs::path& folder, Dataset& set) {
  for (const fs::path& file : with_extension(folder / "xml", ".xml"))
    try_reading(set, [&] { add_files(set, folder / "images", read_voc_xml(file)); });
}

// "Name_Of_Someone_VF.jpg": the person and the video.
Identity identity_of(const std::string& name) {
  const auto split = name.rfind('_');
  if (split == std::string::npos || split + 1 >= name.size()) return {name, {}};
  return {name.substr(0, split), name.substr(0, split + 2)};
}

void add_frames(const fs::path& folder, Dataset& set) {
  for (const fs::path& file : with_extension(folder, ".csv")) {
    try_reading(set, [&] {
      const auto truth = read_landmark_csv(file, set.faults);
      const fs::path inner = folder / "training";
      add_files(set, fs::is_directory(inner) ? inner : folder, truth);
    });
  }
  for (Sample& sample : set.samples) sample.identity = identity_of(sample.file.stem());
}

void add_landmarked(const fs::path& folder, Dataset& set) {
  for (const fs::path& file : pictures(folder)) {
    const fs::path pts = fs::path(file).replace_extension(".pts");
    const fs::path tem = fs::path(file).replace_extension(".tem");
    try_reading(set, [&] {
      if (fs::exists(pts))
        set.samples.push_back({file, {}, {read_pts(pts)}});
      else if (fs::exists(tem))
        set.samples.push_back({file, {file.stem().string().substr(0, 3), {}}, {read_tem(tem)}});
    });
  }
}

void add_templates(const fs::path& folder, Dataset& set) {
  for (const fs::path& inner : entries(folder))
    if (fs::is_directory(inner)) add_landmarked(inner, set);
}

void add_people(const fs::path& folder, Dataset& set) {
  for (const fs::path& person : entries(folder)) {
    if (!fs::is_directory(person)) continue;
    for (const fs::path& file : pictures(person))
      set.samples.push_back({file, {person.filename(), {}}, {}});
  }
}

struct Convention {
  const char* name;
  void (*add)(const fs::path& folder, Dataset& set);
  bool (*applies)(const fs::path& folder);
};

bool inner_folder_has(const fs::path& folder, std::string_view extension) {
  return std::ranges::any_of(entries(folder), [&](const fs::path& inner) {
    return fs::is_directory(inner) && !with_extension(inner, extension).empty();
  });
}

constexpr std::array conventions{
    Convention{"videos", add_videos,
               [](const fs::path& f) { return std::ranges::any_of(entries(f), is_video); }},
    Convention{"VOC annotations", add_voc,
               [](const fs::path& f) {
                 return fs::is_directory(f / "xml") && fs::is_directory(f / "images");
               }},
    Convention{"dlib data set", add_dlib,
               [](const fs::path& f) { return !with_extension(f, ".xml").empty(); }},
    Convention{"68 landmarks a picture, csv", add_frames,
               [](const fs::path& f) {
                 return !with_extension(f, ".csv").empty() && !inner_folder_has(f, ".tem");
               }},
    Convention{"pictures with .pts or .tem", add_landmarked,
               [](const fs::path& f) {
                 return !with_extension(f, ".pts").empty() || !with_extension(f, ".tem").empty();
               }},
    Convention{"folders of pictures with .tem", add_templates,
               [](const fs::path& f) { return inner_folder_has(f, ".tem"); }},
    Convention{"one folder a person", add_people, [](const fs::path&) { return true; }},
};

}  // namespace

Dataset load_dataset(const fs::path& folder) {
  if (!fs::is_directory(folder)) throw DatasetError("'" + folder.string() + "' is no folder");
  const auto convention = std::ranges::find_if(
      conventions, [&](const Convention& known) { return known.applies(folder); });
  Dataset set;
  set.name = fs::canonical(folder).filename();
  set.convention = convention->name;
  convention->add(folder, set);
  std::ranges::sort(set.samples, {}, &Sample::file);
  if (set.samples.empty() && set.clips.empty())
    throw DatasetError("'" + folder.string() + "' has nothing to use: read as " + convention->name +
                       (set.faults.empty() ? ", it has no pictures" : "; " + set.faults.front()));
  return set;
}

void keep_per_person(Dataset& set, std::size_t count) {
  std::map<std::string, std::size_t> pictures, kept;
  for (const Sample& sample : set.samples) ++pictures[sample.identity.person];
  std::erase_if(set.samples, [&](const Sample& sample) {
    const std::string& person = sample.identity.person;
    return pictures[person] < count || kept[person]++ >= count;
  });
}

}  // namespace faceperturb::eval
