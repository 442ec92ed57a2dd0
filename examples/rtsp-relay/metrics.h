// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <libsoup/soup.h>

#include <memory>
#include <string>
#include <vector>

#include "camera.h"
#include "server.h"

namespace relay {

/// An HTTP server in the default main context:
///
///   /healthz  a line for each camera, "NAME up" or "NAME down"; status 200 if all are up, else 503
///   /metrics  counts of each camera in Prometheus' text format
class Metrics {
 public:
  /// Cameras and server must outlive it. Throws a Failure where the port is taken.
  Metrics(const Config& config, const std::vector<std::unique_ptr<Camera>>& cameras,
          const Server& server);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

 private:
  std::string health(bool& well) const;
  std::string text() const;

  const std::vector<std::unique_ptr<Camera>>& cameras_;
  const Server& server_;
  SoupServer* http_;
};

}  // namespace relay
