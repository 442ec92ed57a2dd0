// SPDX-License-Identifier: LGPL-2.1-or-later
// A camera on the network, as a user has it: here its server runs in this process, on loopback.
#include <gtest/gtest.h>

#include "support/faces.h"
#include "support/pipeline.h"
#include "support/rtsp_server.h"

namespace faceperturb::test {
namespace {

TEST(Rtsp, AStreamIsProtectedToItsEnd) {
  constexpr int pictures = 30;
  const TemporaryFolder folder;
  const std::string in = (folder / "scene.mkv").string(), out = (folder / "out.mp4").string();
  write_scene(in, {640, 360}, pictures, 5);
  const RtspServer server(in);
  ASSERT_TRUE(server.runs()) << "no port on 127.0.0.1";
  Pipeline pipeline("rtspsrc location=" + server.address() +
                    " protocols=tcp ! decodebin ! videoconvert"
                    " ! faceperturb name=f min-face-size=60"
                    " ! x264enc speed-preset=ultrafast tune=zerolatency ! mp4mux"
                    " ! filesink location=" +
                    out);
  const Watch watch(pipeline);
  ASSERT_EQ(pipeline.run(std::chrono::seconds(60)), "");
  EXPECT_EQ(watch.frames, pictures);
  EXPECT_GT(watch.faces.size(), std::size_t{pictures});
  expect_protected(decode(in), decode(out), watch);
}

}  // namespace
}  // namespace faceperturb::test
