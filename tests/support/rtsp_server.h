// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/rtsp-server/rtsp-server.h>

#include <string>
#include <thread>

namespace faceperturb::test {

/// A camera on the network: serves an H.264 or H.265 Matroska file at
/// rtsp://127.0.0.1:<any free port>/camera, from a thread of its own.
class RtspServer {
 public:
  /// `codec` is "h264" or "h265".
  explicit RtspServer(const std::string& file, const std::string& codec = "h264");
  ~RtspServer();
  RtspServer(const RtspServer&) = delete;
  RtspServer& operator=(const RtspServer&) = delete;

  bool runs() const { return source_ != 0; }
  std::string address() const;
  /// Whether a client has come.
  bool serves() const;
  /// Closes every connection, without a goodbye, and takes no more.
  void break_off();

 private:
  GMainContext* context_;
  GMainLoop* loop_;
  GstRTSPServer* server_;
  guint source_ = 0;
  std::thread thread_;
};

}  // namespace faceperturb::test
