// SPDX-License-Identifier: LGPL-2.1-or-later
#include "child.h"

#include <sys/wait.h>

#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "common/failure.h"
#include "common/gst_ptr.h"

namespace protect {

using examples::Failure;
using examples::Ptr;
using nlohmann::json;

std::string escaped(const std::string& name) {
  const Ptr<gchar> text(g_uri_escape_string(name.c_str(), "/", FALSE));
  return text.get();
}

std::string unescaped(const json& text) {
  const Ptr<gchar> name(g_uri_unescape_string(text.get<std::string>().c_str(), nullptr));
  return name ? name.get() : "";
}

bool write_line(FILE* file, const json& message) {
  const std::string line = message.dump() + '\n';
  return std::fwrite(line.data(), 1, line.size(), file) == line.size() && std::fflush(file) == 0;
}

json read_line(FILE* file) {
  char* line = nullptr;
  std::size_t capacity = 0;
  const auto length = getline(&line, &capacity, file);
  const std::unique_ptr<char, decltype(&std::free)> owned(line, std::free);
  if (length <= 0) return {};
  return json::parse(line, line + length, nullptr, false);
}

Child::Child(const std::vector<std::string>& arguments, int descriptor) {
  std::vector<const gchar*> argv;
  for (const auto& argument : arguments) argv.push_back(argument.c_str());
  argv.push_back(nullptr);
  constexpr gint there = 3;  // the first behind stdin, stdout and stderr
  gint in = -1, out = -1;
  GError* error = nullptr;
  if (!g_spawn_async_with_pipes_and_fds(
          nullptr, argv.data(), nullptr, G_SPAWN_DO_NOT_REAP_CHILD, nullptr, nullptr, -1, -1, -1,
          &descriptor, &there, descriptor < 0 ? 0 : 1, &pid_, &in, &out, nullptr, &error)) {
    const Ptr<GError> owned(error);
    throw Failure(error->message);
  }
  in_.reset(fdopen(in, "w"));
  out_.reset(fdopen(out, "r"));
}

Child::~Child() {
  in_.reset();  // which ends it
  int status = 0;
  waitpid(pid_, &status, 0);
}

bool Child::tell(const json& message) { return write_line(in_.get(), message); }

json Child::hear() { return read_line(out_.get()); }

void Child::stop() const { kill(pid_, SIGTERM); }

}  // namespace protect
