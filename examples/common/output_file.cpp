// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/output_file.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include <system_error>
#include <utility>

#include "common/failure.h"

namespace fs = std::filesystem;

namespace examples {
namespace {

[[noreturn]] void fail(const fs::path& path, const std::string& why) {
  std::string text = "cannot write '";
  text += path.string() + "': " + why;
  throw Failure(text);
}

}  // namespace

OutputFile::OutputFile(fs::path path) : path_(std::move(path)) {
  const auto folder = path_.has_parent_path() ? path_.parent_path() : fs::path(".");
  if (!path_.has_filename() || fs::is_directory(path_))
    fail(path_, "it is a folder; name a file in it");
  if (!fs::is_directory(folder)) fail(path_, "there is no folder '" + folder.string() + "'");
  if (g_access(folder.c_str(), W_OK) != 0)
    fail(path_, "no permission to write to the folder '" + folder.string() + "'");
  temporary_ = temporary_of(path_, getpid());
}

fs::path OutputFile::temporary_of(const fs::path& path, int process) {
  std::string name = ".";
  name += path.filename().string() + "." + std::to_string(process) + ".part";
  return path.parent_path() / name;
}

OutputFile::~OutputFile() {
  std::error_code ignored;
  fs::remove(temporary_, ignored);
}

std::string OutputFile::suffix() const {
  std::string suffix = path_.extension().string();
  for (char& c : suffix) c = g_ascii_tolower(c);
  return suffix;
}

void OutputFile::commit() {
  std::error_code error;
  fs::rename(temporary_, path_, error);
  if (error) fail(path_, error.message());
}

}  // namespace examples
