// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace relay {

struct Size {
  int width;
  int height;
};

/// Names and texts of properties of an element, in the order of the file.
using Properties = std::vector<std::pair<std::string, std::string>>;

/// One camera and how it is served.
struct CameraConfig {
  std::string name;
  std::string source;          ///< address, without user and password
  std::string user, password;  ///< for the camera; may be empty
  std::string path;            ///< served at; begins with a slash
  std::string protocols = "tcp";
  int latency = 200;         ///< ms, for what the network disorders
  std::optional<Size> size;  ///< of the served picture, even; else the first that comes
  std::chrono::milliseconds black_after{1000};
  std::chrono::milliseconds reconnect_after{10000};
  std::string preset;  ///< of the element faceperturb; may be empty
  Properties protector, encoder;
};

struct Config {
  std::string address = "127.0.0.1";
  int port = 8554;
  std::map<std::string, std::string> viewers;  ///< passwords by user; empty: everybody may look
  std::string certificate, key;                ///< PEM files; empty: no TLS
  std::string metrics_address = "127.0.0.1";
  int metrics_port = 0;  ///< 0: no metrics
  std::vector<CameraConfig> cameras;
};

/// Reads a key file with a group [relay] and a group [camera NAME] for each camera. Throws a
/// Failure, which names the group and the key but no password, for what is unknown, missing or out
/// of range, and where a file with passwords can be read by everybody.
Config read_config(const std::string& file);

/// A camera that is known by its address alone; a Failure where that is none.
CameraConfig camera_at(const std::string& name, const std::string& address);

/// A path with the slash at its beginning.
std::string absolute(const std::string& path);

/// 1 to 65535; throws a Failure that begins with `name`.
int checked_port(int port, const std::string& name);

}  // namespace relay
