// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <filesystem>
#include <string>

namespace examples {

/// A file that appears under its name only when it is complete. Until then it has a temporary name
/// in the same folder, and goes when this object goes.
class OutputFile {
 public:
  /// Throws a Failure where the folder is missing or cannot be written to.
  explicit OutputFile(std::filesystem::path path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// The temporary name that a process gives a file: for who tidies up behind one that died.
  static std::filesystem::path temporary_of(const std::filesystem::path& path, int process);

  const std::filesystem::path& path() const { return path_; }
  const std::filesystem::path& temporary() const { return temporary_; }
  /// The suffix in lower case, with its dot.
  std::string suffix() const;
  /// Gives the complete file its name; throws a Failure.
  void commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
};

}  // namespace examples
