// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config.h"

#include <gst/gst.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string_view>

#include "common/failure.h"
#include "common/gst_ptr.h"

namespace relay {

using examples::Failure;
using examples::Ptr;

namespace {

constexpr std::string_view camera_prefix = "camera ";
constexpr int smallest_side = 16;
constexpr double longest_wait = 3600;  // seconds

// Reads the keys of one group; every error names group and key.
class Group {
 public:
  Group(GKeyFile* file, std::string name) : file_(file), name_(std::move(name)) {}

  Failure failure(const std::string& key, const std::string& text) const {
    return Failure("[" + name_ + "] " + key + ": " + text);
  }
  std::string text(const std::string& key) const {
    GError* error = nullptr;
    const Ptr<gchar> value(g_key_file_get_string(file_, name_.c_str(), key.c_str(), &error));
    const Ptr<GError> owned(error);
    // GLib's own message may quote the value, which may be a password.
    if (!value) throw failure(key, "is no text");
    return value.get();
  }
  double number(const std::string& key, double least, double most) const {
    const std::string value = text(key);
    gchar* end = nullptr;
    const double number = g_ascii_strtod(value.c_str(), &end);
    if (value.empty() || *end || !(number >= least && number <= most)) {
      char range[64];
      std::snprintf(range, sizeof range, "needs a number from %g to %g", least, most);
      throw failure(key, range);
    }
    return number;
  }
  int integer(const std::string& key, int least, int most) const {
    const double value = number(key, least, most);
    if (value != std::floor(value)) throw failure(key, "needs a whole number");
    return static_cast<int>(value);
  }
  std::chrono::milliseconds seconds(const std::string& key, double least) const {
    return std::chrono::milliseconds(std::lround(1000 * number(key, least, longest_wait)));
  }
  Size size(const std::string& key) const {
    const std::string value = text(key);
    Size size{};
    char rest;
    if (std::sscanf(value.c_str(), "%dx%d%c", &size.width, &size.height, &rest) != 2 ||
        std::min(size.width, size.height) < smallest_side ||
        std::max(size.width, size.height) > 8192 || size.width % 2 || size.height % 2)
      throw failure(key, "needs an even WIDTHxHEIGHT from 16x16 to 8192x8192");
    return size;
  }
  template <typename Visit>
  void each(Visit visit) const {
    const Ptr<gchar*> keys(g_key_file_get_keys(file_, name_.c_str(), nullptr, nullptr));
    for (gchar** key = keys.get(); key && *key; ++key) visit(std::string(*key));
  }

 private:
  GKeyFile* file_;
  std::string name_;
};

void must_be_private(const std::string& file) {
  std::error_code unknown;
  const auto mode = std::filesystem::status(file, unknown).permissions();
  if (!unknown && (mode & std::filesystem::perms::others_read) != std::filesystem::perms::none)
    throw Failure("'" + file + "' holds passwords and everybody can read it; chmod o-r it");
}

std::ifstream open_private(const std::string& file) {
  std::ifstream in(file);
  if (!in) throw Failure("'" + file + "' cannot be read");
  must_be_private(file);
  return in;
}

std::string first_line(const std::string& file) {
  std::ifstream in = open_private(file);
  std::string line;
  std::getline(in, line);
  return line;
}

// Lines of USER:PASSWORD; empty ones and those that begin with # say nothing.
std::map<std::string, std::string> read_viewers(const std::string& file) {
  std::ifstream in = open_private(file);
  std::map<std::string, std::string> viewers;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.empty() || line.front() == '#') continue;
    const auto colon = line.find(':');
    if (colon == 0 || colon == std::string::npos || colon + 1 == line.size())
      throw Failure("'" + file + "', line " + std::to_string(number) + ": USER:PASSWORD is needed");
    viewers[line.substr(0, colon)] = line.substr(colon + 1);
  }
  // Nobody named must not mean that everybody may look.
  if (viewers.empty()) throw Failure("'" + file + "' names no viewer");
  return viewers;
}

void read_relay(const Group& group, Config& config) {
  group.each([&](const std::string& key) {
    if (key == "address")
      config.address = group.text(key);
    else if (key == "port")
      config.port = group.integer(key, 1, 65535);
    else if (key == "viewers-file")
      config.viewers = read_viewers(group.text(key));
    else if (key == "tls-certificate")
      config.certificate = group.text(key);
    else if (key == "tls-key")
      config.key = group.text(key);
    else if (key == "metrics-address")
      config.metrics_address = group.text(key);
    else if (key == "metrics-port")
      config.metrics_port = group.integer(key, 0, 65535);
    else
      throw group.failure(key, "is unknown");
  });
  if (config.certificate.empty() != config.key.empty())
    throw group.failure("tls-certificate", "goes with tls-key, and tls-key with it");
}

// Whether `key` is a property of the kind `prefix`, which then is kept.
bool take_property(const std::string& key, std::string_view prefix, const Group& group,
                   Properties& properties) {
  if (!key.starts_with(prefix)) return false;
  properties.emplace_back(key.substr(prefix.size()), group.text(key));
  return true;
}

CameraConfig read_camera(const Group& group, const std::string& name, const std::string& file) {
  std::string source;
  group.each([&](const std::string& key) {
    if (key == "source") source = group.text(key);
  });
  if (source.empty()) throw group.failure("source", "is missing");
  CameraConfig camera = camera_at(name, source);
  if (!camera.password.empty()) must_be_private(file);
  group.each([&](const std::string& key) {
    if (key == "source") return;
    if (key == "path")
      camera.path = absolute(group.text(key));
    else if (key == "user")
      camera.user = group.text(key);
    else if (key == "password") {
      must_be_private(file);
      camera.password = group.text(key);
    } else if (key == "password-file")
      camera.password = first_line(group.text(key));
    else if (key == "protocols")
      camera.protocols = group.text(key);
    else if (key == "latency")
      camera.latency = group.integer(key, 0, 60000);
    else if (key == "size")
      camera.size = group.size(key);
    else if (key == "black-after")
      camera.black_after = group.seconds(key, .2);
    else if (key == "reconnect-after")
      camera.reconnect_after = group.seconds(key, 1);
    else if (key == "preset")
      camera.preset = group.text(key);
    else if (!take_property(key, "faceperturb.", group, camera.protector) &&
             !take_property(key, "encoder.", group, camera.encoder))
      throw group.failure(key, "is unknown");
  });
  return camera;
}

}  // namespace

std::string absolute(const std::string& path) {
  return path.starts_with('/') ? path : std::string("/").append(path);
}

int checked_port(int port, const std::string& name) {
  if (port < 1 || port > 65535) throw Failure(name + " needs 1 to 65535");
  return port;
}

CameraConfig camera_at(const std::string& name, const std::string& address) {
  CameraConfig camera;
  camera.name = name;
  camera.path = absolute(name);
  const Ptr<GstUri> uri(gst_uri_from_string(address.c_str()));
  if (!uri || !gst_uri_is_valid(address.c_str()))
    throw Failure("camera " + name + ": an address such as rtsp://camera/stream is needed");
  // What is not in the address cannot get into a message.
  if (const gchar* info = gst_uri_get_userinfo(uri.get())) {
    const std::string text(info);
    const auto colon = text.find(':');
    const auto plain = [](const std::string& escaped) {
      const Ptr<gchar> plain(g_uri_unescape_string(escaped.c_str(), nullptr));
      return plain ? std::string(plain.get()) : escaped;
    };
    camera.user = plain(text.substr(0, colon));
    if (colon != std::string::npos) camera.password = plain(text.substr(colon + 1));
    gst_uri_set_userinfo(uri.get(), nullptr);
    const Ptr<gchar> without(gst_uri_to_string(uri.get()));
    camera.source = without.get();
  } else {
    camera.source = address;
  }
  return camera;
}

Config read_config(const std::string& file) {
  const std::unique_ptr<GKeyFile, decltype(&g_key_file_unref)> keys(g_key_file_new(),
                                                                    g_key_file_unref);
  GError* error = nullptr;
  if (!g_key_file_load_from_file(keys.get(), file.c_str(), G_KEY_FILE_NONE, &error)) {
    const Ptr<GError> owned(error);
    // A line that is no key may be a password: GLib's message would quote it.
    if (error->domain == G_KEY_FILE_ERROR)
      throw Failure("'" + file + "' is no key file: lines of [group] and KEY=VALUE are needed");
    throw Failure("'" + file + "': " + error->message);
  }
  Config config;
  const Ptr<gchar*> groups(g_key_file_get_groups(keys.get(), nullptr));
  for (gchar** group = groups.get(); *group; ++group) {
    const std::string name = *group;
    const Group reader(keys.get(), name);
    if (name == "relay")
      read_relay(reader, config);
    else if (name.starts_with(camera_prefix) && name.size() > camera_prefix.size())
      config.cameras.push_back(read_camera(reader, name.substr(camera_prefix.size()), file));
    else
      throw Failure("'" + file + "': the group [" + name +
                    "] is unknown; there are [relay] and [camera NAME]");
  }
  if (config.cameras.empty()) throw Failure("'" + file + "' has no group [camera NAME]");
  std::map<std::string, std::string> paths;
  for (const auto& camera : config.cameras) {
    const auto [other, is_new] = paths.emplace(camera.path, camera.name);
    if (!is_new)
      throw Failure("the cameras " + other->second + " and " + camera.name +
                    " have the same path " + camera.path);
  }
  return config;
}

}  // namespace relay
