// SPDX-License-Identifier: LGPL-2.1-or-later
// Files in, files out, with the elements that users put around ours.
#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

#include "support/faces.h"
#include "support/pipeline.h"
#include "support/scenes.h"

namespace faceperturb::test {
namespace {

const std::string encode_to =
    " ! x264enc speed-preset=ultrafast ! mp4mux name=m ! filesink location=";

TEST(Files, DavidComesOutProtectedFrameForFrame) {
  const auto file = test_data("video/tld_david/david.mpg");
  FACEPERTURB_NEEDS(file);
  const TemporaryFolder folder;
  const std::string out = (folder / "david.mp4").string();
  Pipeline pipeline("filesrc location=" + file.string() +
                    " ! decodebin ! videoconvert ! faceperturb name=f" + encode_to + out);
  const Watch watch(pipeline);
  ASSERT_EQ(pipeline.run(std::chrono::seconds(240)), "");
  expect_protected(decode(file.string()), decode(out), watch);
  EXPECT_EQ(watch.frames, 761);
  EXPECT_GT(watch.faces.size(), 761U / 2);
}

TEST(Files, SoundIsKept) {
  const auto file = test_data("video/face_recognition/short_hamilton_clip.mp4");
  FACEPERTURB_NEEDS(file);
  const TemporaryFolder folder;
  const std::string out = (folder / "hamilton.mp4").string();
  // The sound goes by as it is; what the encoder holds back must not stop it.
  Pipeline pipeline(
      "filesrc location=" + file.string() +
      " ! qtdemux name=d d.video_0 ! queue ! decodebin ! videoconvert"
      " ! faceperturb name=f min-face-size=60" +
      encode_to + out +
      " d.audio_0 ! queue max-size-time=0 max-size-bytes=0 max-size-buffers=0 ! aacparse ! m.");
  const Watch watch(pipeline);
  ASSERT_EQ(pipeline.run(std::chrono::seconds(240)), "");
  const Movie clear = decode(file.string()), outcome = decode(out);
  expect_protected(clear, outcome, watch);
  EXPECT_EQ(clear.pictures.size(), 275U);
  EXPECT_GT(outcome.audio_buffers, 100);
  EXPECT_NEAR(static_cast<double>(outcome.end), static_cast<double>(clear.end), GST_SECOND / 2);
}

TEST(Files, TheSceneNeedsNoTestData) {
  const TemporaryFolder folder;
  const std::string in = (folder / "scene.mkv").string(), out = (folder / "scene.mp4").string();
  write_scene(in, {480, 270}, 25, 10);
  const Movie clear = decode(in);
  for (const char* regions : {"eyes+nose+mouth", "face", "head"}) {
    SCOPED_TRACE(regions);
    Pipeline pipeline("filesrc location=" + in +
                      " ! decodebin ! videoconvert ! faceperturb name=f regions=" + regions +
                      encode_to + out);
    const Watch watch(pipeline);
    ASSERT_EQ(pipeline.run(), "");
    const Movie outcome = decode(out);
    expect_protected(clear, outcome, watch);
    EXPECT_EQ(watch.frames, 25);
    const auto faces = static_cast<int>(watch.faces.size());
    EXPECT_GT(faces, 25);
    EXPECT_GT(found(clear, watch), faces * 9 / 10);
    // Of a shuffled head, not even that it is one can be seen.
    if (std::string(regions) == "head") {
      EXPECT_LT(found(outcome, watch), faces / 10);
    }
  }
}

TEST(Files, APngComesOutTheSameButForTheFace) {
  const TemporaryFolder folder;
  const std::string in = (folder / "in.png").string(), out = (folder / "out.png").string();
  ASSERT_TRUE(cv::imwrite(in, portrait().bgr));
  Pipeline pipeline(
      "filesrc location=" + in +
      " ! pngdec ! videoconvert ! faceperturb name=f ! pngenc ! filesink location=" + out);
  const Watch watch(pipeline);
  ASSERT_EQ(pipeline.run(), "");
  const cv::Mat outcome = cv::imread(out);
  ASSERT_EQ(outcome.size(), portrait().bgr.size());
  ASSERT_EQ(watch.faces.size(), 1U);
  EXPECT_EQ(watch.clear_faces, 0);
  const Rect box = watch.faces[0].box;
  EXPECT_GT(difference(portrait().bgr, outcome, features(box)), 3);
  cv::Mat rest = outcome.clone();
  const cv::Rect face(static_cast<int>(box.x - box.width / 2),
                      static_cast<int>(box.y - box.height / 2), static_cast<int>(2 * box.width),
                      static_cast<int>(2 * box.height));
  const cv::Rect inside = face & cv::Rect(0, 0, rest.cols, rest.rows);
  portrait().bgr(inside).copyTo(rest(inside));
  EXPECT_EQ(cv::norm(rest, portrait().bgr, cv::NORM_INF), 0);
}

TEST(Files, AMissingModelLeavesNoPlayableFile) {
  const TemporaryFolder folder;
  const std::string in = (folder / "scene.mkv").string(), out = (folder / "scene.mp4").string();
  write_scene(in, {320, 180}, 5, 10);
  Pipeline pipeline("filesrc location=" + in +
                    " ! decodebin ! videoconvert ! faceperturb landmark-model=/nowhere" +
                    encode_to + out);
  const std::string error = pipeline.run();
  EXPECT_NE(error.find("/nowhere"), std::string::npos) << error;
  EXPECT_TRUE(!std::filesystem::exists(out) || std::filesystem::file_size(out) == 0 ||
              decode(out).pictures.empty());
}

}  // namespace
}  // namespace faceperturb::test
