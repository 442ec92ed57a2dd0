// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace protect {

struct CloseFile {
  void operator()(FILE* file) const { std::fclose(file); }
};
using Stream = std::unique_ptr<FILE, CloseFile>;

/// File names need not be UTF-8, JSON must be.
std::string escaped(const std::string& name);
std::string unescaped(const nlohmann::json& text);

/// Returns whether the line of JSON could be written.
bool write_line(FILE* file, const nlohmann::json& message);
/// Null at the end.
nlohmann::json read_line(FILE* file);

/// A process of this program that is told and heard in lines of JSON. It ends when this object
/// goes.
class Child {
 public:
  /// `descriptor` stays open in it; -1: none. Throws a Failure.
  explicit Child(const std::vector<std::string>& arguments, int descriptor = -1);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  bool tell(const nlohmann::json& message);
  /// Null where it has died.
  nlohmann::json hear();
  void stop() const;
  int process() const { return pid_; }

 private:
  GPid pid_ = 0;
  Stream in_, out_;
};

}  // namespace protect
