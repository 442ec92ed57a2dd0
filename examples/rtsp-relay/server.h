// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/rtsp-server/rtsp-server.h>

#include <memory>
#include <vector>

#include "camera.h"
#include "config.h"

namespace relay {

/// Serves the feeds of cameras over RTSP as H.264, encoded while somebody looks, once for all who
/// do. Runs in the default main context.
class Server {
 public:
  /// The cameras must outlive it. Throws a Failure where an element or the certificate is missing,
  /// a property of the encoder is not right, or the port is taken.
  Server(const Config& config, const std::vector<std::unique_ptr<Camera>>& cameras);
  /// Sends the viewers away.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// How many clients are connected.
  std::size_t viewers() const;

 private:
  void add(Camera& camera);
  void let_in(const Config& config);

  GstRTSPServer* server_;
  const bool encrypted_;
  guint attached_ = 0, cleaner_ = 0;
};

}  // namespace relay
