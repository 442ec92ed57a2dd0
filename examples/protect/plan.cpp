// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan.h"

#include <glob.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include <gst/gst.h>

#include "common/command.h"
#include "formats.h"

namespace fs = std::filesystem;

namespace protect {

using examples::Failure;
using examples::UsageError;

namespace {

// Where a user's pattern, which the shell did not expand, fits.
std::vector<std::string> expand(const std::string& input) {
  std::error_code unknown;
  if (fs::exists(input, unknown) || input.find_first_of("*?[") == std::string::npos ||
      gst_uri_is_valid(input.c_str()))
    return {input};
  glob_t found{};
  std::vector<std::string> files;
  if (glob(input.c_str(), 0, nullptr, &found) == 0)
    files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
  if (files.empty()) throw UsageError("nothing fits '" + input + "'");
  return files;
}

bool hidden(const fs::path& file) { return file.filename().string().starts_with('.'); }

fs::path real(const fs::path& path) {
  std::error_code unknown;
  fs::path result = fs::weakly_canonical(path, unknown);
  if (result.empty()) result = fs::absolute(path, unknown);
  return result.has_filename() ? result : result.parent_path();
}

class Planner {
 public:
  Planner(fs::path target, std::string records)
      : target_(std::move(target)), records_(std::move(records)), real_target_(real(target_)) {}

  void add_file(const fs::path& file, const fs::path& name) {
    fs::path output = name;
    if (!names_picture(name) && !container_of(name)) {
      output += fallback_container().suffix;  // beside an x.mkv there may be an x.avi
      plan.notes.push_back(file.string() + ": cannot be written as " + extension_of(name) +
                           ", becomes " + (target_ / output).string());
    }
    const auto [other, is_new] = taken_.emplace(output, file);
    if (!is_new)
      throw UsageError("'" + other->second.string() + "' and '" + file.string() +
                       "' would both be written to '" + (target_ / output).string() + "'");
    std::string record;
    if (!records_.empty()) record = (fs::path(records_) / output).string() + ".record";
    plan.jobs.push_back({file.string(), target_ / output, record, output.generic_string()});
  }

  // Everything below a folder but what is hidden, and what an earlier run left in the target.
  void add_folder(const fs::path& folder, const fs::path& name) {
    if (real(folder) == real_target_)
      throw UsageError("'" + folder.string() + "' cannot be INPUT and OUTPUT");
    std::vector<fs::path> files;
    std::error_code error;
    fs::recursive_directory_iterator entry(folder, error);
    for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
      std::error_code unknown;
      if (hidden(entry->path()) || (entry->is_directory(unknown) && real(*entry) == real_target_))
        entry.disable_recursion_pending();
      else if (entry->is_regular_file(unknown))
        files.push_back(entry->path());
    }
    if (error) throw UsageError("cannot read '" + folder.string() + "': " + error.message());
    std::ranges::sort(files);
    for (const auto& file : files) {
      if (names_picture(file) || names_video(file))
        add_file(file, name / file.lexically_relative(folder));
      else
        ++plan.left_out;
    }
  }

  // What a file names, one a line, relative to a folder.
  void add_list(const fs::path& list, const fs::path& folder) {
    std::ifstream in(list);
    if (!in) throw UsageError("cannot read '" + list.string() + "'");
    for (std::string line; std::getline(in, line);) {
      if (line.empty()) continue;
      const fs::path name = fs::path(line).lexically_normal();
      if (name.is_absolute() || name.string().starts_with("..") || !name.has_filename())
        throw UsageError("'" + line + "' in '" + list.string() + "' is no name of a file below '" +
                         folder.string() + "'");
      add_file(folder / name, name);
    }
  }

  Plan plan;

 private:
  static std::string extension_of(const fs::path& file) {
    return file.has_extension() ? file.extension().string() : "a file without suffix";
  }

  const fs::path target_;
  const std::string records_;
  const fs::path real_target_;
  std::map<fs::path, fs::path> taken_;  // outputs, and what becomes them
};

void refuse_overwriting(const std::vector<Job>& jobs) {
  std::set<fs::path> inputs;
  for (const Job& job : jobs) inputs.insert(real(job.input));
  for (const Job& job : jobs) {
    if (inputs.contains(real(job.output)))
      throw UsageError("'" + job.output.string() + "' is INPUT and OUTPUT");
    std::error_code unknown;
    if (fs::equivalent(job.input, job.output, unknown))
      throw UsageError("INPUT and OUTPUT are the same file: '" + job.input + "'");
  }
}

}  // namespace

Plan make_plan(const std::vector<std::string>& inputs, const std::string& target,
               const std::vector<Setting>& settings, const std::string& list) {
  std::vector<std::string> files;
  bool folders = false;
  for (const auto& input : inputs)
    for (auto& file : expand(input)) {
      std::error_code unknown;
      folders |= fs::is_directory(file, unknown);
      files.push_back(std::move(file));
    }
  std::string record;
  for (const auto& [name, value] : settings)
    if (name == "record-location") record = value;
  std::error_code unknown;
  if (files.size() == 1 && !folders && !target.ends_with('/') &&
      !fs::is_directory(target, unknown)) {
    if (!names_picture(target) && !container_of(target))
      throw UsageError("'" + target +
                       "': OUTPUT must end in .mp4, .m4v, .mov, .mkv, .webm or the suffix of a "
                       "picture, or be a folder with a slash at its end");
    Plan plan{.jobs = {{files[0], target, record, {}}}, .one = true, .notes = {}};
    refuse_overwriting(plan.jobs);
    return plan;
  }

  if (fs::exists(target, unknown) && !fs::is_directory(target, unknown))
    throw UsageError("'" + target + "' is no folder, which is needed for several files");
  if (!record.empty() && fs::exists(record, unknown) && !fs::is_directory(record, unknown))
    throw UsageError("record-location: '" + record +
                     "' is no folder, which is needed for several files");
  Planner planner(target, record);
  if (!list.empty()) {
    if (files.size() != 1 || !folders)
      throw UsageError("--files-from needs one folder as INPUT, and one as OUTPUT");
    planner.add_list(list, files[0]);
    files.clear();
  }
  for (const auto& file : files) {
    const fs::path path = file;
    if (fs::is_directory(path, unknown))
      planner.add_folder(path, files.size() == 1 ? fs::path() : real(path).filename());
    else if (!fs::exists(path, unknown) && gst_uri_is_valid(file.c_str()))
      throw UsageError("'" + file + "' is an address: give it a file as OUTPUT, and nothing else");
    else
      planner.add_file(path, path.filename());
  }
  if (planner.plan.jobs.empty()) throw UsageError("there is no video and no picture to protect");
  refuse_overwriting(planner.plan.jobs);
  return std::move(planner.plan);
}

void make_folder_of(const fs::path& file) {
  std::error_code error;
  if (file.has_parent_path()) fs::create_directories(file.parent_path(), error);
  if (error)
    throw Failure("cannot make the folder '" + file.parent_path().string() +
                  "': " + error.message());
}

}  // namespace protect
