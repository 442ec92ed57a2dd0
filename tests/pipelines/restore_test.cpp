// SPDX-License-Identifier: LGPL-2.1-or-later
// Protected, encoded, decoded and restored, as users do it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "support/faces.h"
#include "support/pipeline.h"

namespace faceperturb::test {
namespace {

using Frames = std::vector<std::vector<std::uint8_t>>;

// Runs a pipeline whose last element is "s" and returns its frames, byte for byte.
Frames frames_of(const std::string& description, std::string* error = nullptr) {
  Pipeline pipeline(description + " ! fakesink name=s sync=false");
  Frames frames;
  pipeline.on_buffer("s", "sink",
                     [&](GstPad*, GstBuffer* buffer) { frames.push_back(bytes_of(buffer)); });
  const std::string result = pipeline.run();
  if (error)
    *error = result;
  else
    EXPECT_EQ(result, "");
  return frames;
}

class RestorePipeline : public ::testing::Test {
 protected:
  RestorePipeline() {
    std::ofstream(path("key")) << std::string(64, '4');
    std::filesystem::permissions(path("key"), std::filesystem::perms::owner_read);
    write_scene(path("scene.mkv"), {320, 180}, 40, 10);
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string source(const std::string& format = "I420") const {
    return "filesrc location=" + path("scene.mkv") +
           " ! decodebin ! videoconvert ! video/x-raw,format=" + format;
  }
  std::string protect(const std::string& more) const {
    return " ! faceperturb key-location=" + path("key") + " regions=face " + more;
  }
  std::string restore(const std::string& more) const {
    return " ! facerestore key-location=" + path("key") + " " + more;
  }

  TemporaryFolder folder_;
};

TEST_F(RestorePipeline, LosslessCodecsGiveBackEveryByte) {
  struct Codec {
    const char* name;
    const char* format;
    const char* encode;
  };
  for (const Codec& codec : {
           Codec{"FFV1", "I420", "avenc_ffv1 ! matroskamux"},
           Codec{"FFV1", "Y444", "avenc_ffv1 ! matroskamux"},
           Codec{"FFV1", "I420_10LE", "avenc_ffv1 ! matroskamux"},
           Codec{"x264", "I420",
                 "x264enc pass=quant quantizer=0 speed-preset=ultrafast ! matroskamux"},
           Codec{"x264", "Y444", "x264enc pass=quant quantizer=0 speed-preset=ultrafast ! mp4mux"},
           Codec{
               "x265", "I420",
               "x265enc option-string=lossless=1 speed-preset=ultrafast ! h265parse ! matroskamux"},
           Codec{"Huffyuv", "Y42B", "avenc_huffyuv ! avimux"},
           Codec{"PNG", "RGB", "pngenc compression-level=1 ! qtmux"},
       }) {
    SCOPED_TRACE(std::string(codec.name) + " " + codec.format);
    const std::string record = path(std::string(codec.name) + codec.format),
                      file = record + ".video";
    Pipeline pipeline(source(codec.format) + protect("record-location=" + record) + " ! " +
                      codec.encode + " ! filesink location=" + file);
    ASSERT_EQ(pipeline.run(), "");
    const std::string stored = "filesrc location=" + file +
                               " ! decodebin ! videoconvert ! video/x-raw,format=" + codec.format;
    const Frames clear = frames_of(source(codec.format)), hidden = frames_of(stored);
    ASSERT_EQ(hidden.size(), clear.size());
    EXPECT_NE(hidden, clear);
    EXPECT_TRUE(frames_of(stored + restore("record-location=" + record)) == clear);
  }
}

// Pieces that begin at time 0 each, and frames left out by the way.
TEST_F(RestorePipeline, PiecesOfAFileFindTheirPlaceInTheRecord) {
  Pipeline pipeline(source() + protect("record-location=" + path("record")) +
                    " ! x264enc pass=quant quantizer=0 speed-preset=ultrafast key-int-max=10"
                    " ! h264parse ! splitmuxsink max-size-time=1000000000 location=" +
                    path("piece-%d.mp4"));
  ASSERT_EQ(pipeline.run(), "");
  const Frames clear = frames_of(source());
  const std::string back = restore("record-location=" + path("record"));
  std::size_t at = 0;
  int pieces = 0;
  for (;; ++pieces) {
    const std::string file = path("piece-" + std::to_string(pieces) + ".mp4");
    if (!std::filesystem::exists(file)) break;
    const std::string stored =
        "filesrc location=" + file + " ! decodebin ! videoconvert ! video/x-raw,format=I420";
    for (const auto& frame : frames_of(stored + back)) EXPECT_TRUE(frame == clear.at(at++));
  }
  EXPECT_EQ(at, clear.size());
  EXPECT_GT(pieces, 2);
  // At half the frame rate.
  const Frames half = frames_of("filesrc location=" + path("piece-2.mp4") +
                                " ! decodebin ! videoconvert ! video/x-raw,format=I420"
                                " ! videorate ! video/x-raw,framerate=5/1" +
                                back);
  EXPECT_GE(half.size(), 4U);
  for (const auto& frame : half) EXPECT_NE(std::ranges::find(clear, frame), clear.end());
}

TEST_F(RestorePipeline, TheScriptShowsWhatItSays) {
  ASSERT_EQ(
      std::system(("FACEPERTURB='" PROTECT_PROGRAM "' '" SOURCE_ROOT "/examples/restore.sh' '" +
                   path("scene.mkv") + "' >&2")
                      .c_str()),
      0);
}

}  // namespace
}  // namespace faceperturb::test
