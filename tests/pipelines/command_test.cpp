// SPDX-License-Identifier: LGPL-2.1-or-later
// The program faceperturb, as users run it.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <regex>
#include <set>
#include <thread>

#include "eval/scene.h"
#include "support/faces.h"
#include "support/pipeline.h"
#include "support/rtsp_server.h"
#include "support/scenes.h"

namespace faceperturb::test {
namespace {

namespace fs = std::filesystem;

struct Outcome {
  int code;  // 128 + the number of a signal
  std::string out, err;
};

// Runs a line of bash in which `faceperturb` is the program.
Outcome bash(const std::string& line) {
  const TemporaryFolder folder;
  const std::string script = (folder / "script").string(), out = (folder / "out").string(),
                    err = (folder / "err").string();
  std::ofstream(script) << "faceperturb() { " PROTECT_PROGRAM " \"$@\"; }\n" << line << '\n';
  const int status = std::system(("bash " + script + " >" + out + " 2>" + err).c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_file(out),
          read_file(err)};
}

Outcome run(const std::string& arguments) { return bash("faceperturb " + arguments); }

void write(const fs::path& file, const std::string& content) {
  std::ofstream(file, std::ios::binary) << content;
}

std::set<std::string> files_in(const fs::path& folder) {
  std::set<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file())
      files.insert(entry.path().lexically_relative(folder).generic_string());
  return files;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Plays a description in which scene.mkv of the folder stands for $, written before.
void make(const TemporaryFolder& folder, std::string description) {
  const std::string scene = (folder / "scene.mkv").string();
  if (!fs::exists(scene)) write_scene(scene, {320, 180}, 15, 15);
  description.replace(description.find('$'), 1, "filesrc location=" + scene + " ! matroskademux");
  Pipeline pipeline(description);
  ASSERT_EQ(pipeline.run(), "");
}

struct Chunk {
  GstClockTime time;
  std::string bytes;
  bool operator==(const Chunk&) const = default;
};

// What passes the sink of that name.
std::vector<Chunk> chunks(const std::string& description) {
  Pipeline pipeline(description);
  std::vector<Chunk> chunks;
  pipeline.on_buffer("sink", "sink", [&](GstPad*, GstBuffer* buffer) {
    const auto bytes = bytes_of(buffer);
    chunks.push_back({GST_BUFFER_PTS(buffer), {bytes.begin(), bytes.end()}});
  });
  EXPECT_EQ(pipeline.run(), "") << description;
  return chunks;
}

std::vector<GstClockTime> times(const fs::path& file) {
  std::vector<GstClockTime> times;
  for (const Chunk& chunk : chunks("filesrc location=" + file.string() +
                                   " ! decodebin ! video/x-raw ! fakesink name=sink sync=false"))
    times.push_back(chunk.time);
  return times;
}

void expect_same_times(const fs::path& a, const fs::path& b) {
  const auto of_a = times(a), of_b = times(b);
  ASSERT_EQ(of_a.size(), of_b.size());
  for (std::size_t i = 0; i < of_a.size(); ++i)
    EXPECT_NEAR(static_cast<double>(of_a[i] - of_a[0]), static_cast<double>(of_b[i] - of_b[0]),
                1000.0)
        << i;
}

TEST(Command, SaysWhatIsWrong) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "empty");
  write(folder / "a.mp4", "no video");
  const std::string a = (folder / "a.mp4").string(), empty = (folder / "empty").string();
  for (const auto& [arguments, words] : std::initializer_list<std::pair<std::string, std::string>>{
           {"", "OUTPUT"},
           {a, "OUTPUT"},
           {"--nonsense", "nonsense"},
           {a + " out.xyz", "out.xyz"},
           {a + " " + a, "INPUT and OUTPUT"},
           {a + " " + (folder / "").string(), "INPUT and OUTPUT"},
           {empty + " " + (folder / "out/").string(), "no video and no picture"},
           {"'" + empty + "/*.mp4' out/", "*.mp4"},
           {a + " b.mp4 --method=nonsense", "method"},
           {a + " b.mp4 --property=nonsense=1", "nonsense"},
           {a + " b.mp4 -q99", "--quality"},
           {a + " b.mp4 -j0", "--jobs"},
           {a + " b.jpg --before-after=c.png", "--before-after"}}) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 2) << arguments;
    EXPECT_TRUE(contains(outcome.err, words)) << arguments << ": " << outcome.err;
  }
}

TEST(Command, EveryPropertyIsAnOption) {
  const std::string help = run("--help-element").out;
  const ElementPtr element = make_plain_element();
  guint count = 0;
  GParamSpec** specs = g_object_class_list_properties(G_OBJECT_GET_CLASS(element.get()), &count);
  int options = 0;
  for (guint i = 0; i < count; ++i) {
    if (specs[i]->owner_type != G_OBJECT_TYPE(element.get())) continue;
    const bool writable = specs[i]->flags & G_PARAM_WRITABLE;
    options += writable;
    EXPECT_EQ(contains(help, std::string("--") + specs[i]->name + "="), writable) << specs[i]->name;
  }
  g_free(specs);
  EXPECT_GT(options, 20);
  EXPECT_TRUE(contains(help, "--method=shuffle|average|"));
}

TEST(Command, KeepsAllThatTravelsBesideThePicture) {
  const TemporaryFolder folder;
  write(folder / "text.srt", "1\n00:00:00,100 --> 00:00:00,400\nThis & <i>that</i>\n\n");
  make(folder, "matroskamux name=m ! filesink location=" + (folder / "in.mkv").string() +
                   " $ ! h264parse ! m. audiotestsrc num-buffers=40 ! avenc_aac ! aacparse ! m."
                   " filesrc location=" +
                   (folder / "text.srt").string() +
                   " ! subparse ! text/x-raw,format=pango-markup ! capssetter "
                   "caps=text/x-raw,format=utf8 ! m.");
  for (const auto& [name, demux] :
       {std::pair{"out.mkv", "matroskademux"}, {"out.mp4", "qtdemux"}}) {
    SCOPED_TRACE(name);
    const std::string in = (folder / "in.mkv").string(), out = (folder / name).string();
    const Outcome outcome = run(in + " " + out);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    // Nothing but how far it is, which a slow machine says.
    EXPECT_EQ(std::regex_replace(outcome.err, std::regex("[^\n]* frames/s [^\n]*\n"), ""), "");
    expect_same_times(in, out);
    const auto sound = [](const std::string& file, const char* demuxer) {
      std::string bytes;
      for (const Chunk& chunk :
           chunks("filesrc location=" + file + " ! " + demuxer +
                  " ! audio/mpeg ! aacparse ! audio/mpeg,stream-format=raw ! fakesink name=sink"))
        bytes += chunk.bytes;
      return bytes;
    };
    EXPECT_GT(sound(in, "matroskademux").size(), 1000U);
    EXPECT_EQ(sound(in, "matroskademux"), sound(out, demux));
    const auto text =
        chunks("filesrc location=" + out + " ! " + demux + " ! text/x-raw ! fakesink name=sink");
    ASSERT_FALSE(text.empty());
    EXPECT_TRUE(contains(text[0].bytes, "This")) << text[0].bytes;
    EXPECT_TRUE(contains(text[0].bytes, "that")) << text[0].bytes;
    EXPECT_FALSE(contains(text[0].bytes, "amp;amp;")) << text[0].bytes;
  }
}

TEST(Command, TimesOfAVariableFrameRateAreExact) {
  const TemporaryFolder folder;
  make(folder,
       "$ ! avdec_h264 ! identity drop-probability=0.4 ! x264enc speed-preset=ultrafast "
       "bframes=2 ! mp4mux trak-timescale=90000 ! filesink location=" +
           (folder / "in.mp4").string());
  const Outcome outcome = run((folder / "in.mp4").string() + " " + (folder / "out.mp4").string());
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  expect_same_times(folder / "in.mp4", folder / "out.mp4");
}

TEST(Command, TimesBeyondAnHourAreRight) {
  const TemporaryFolder folder;
  const std::string in = (folder / "in.mkv").string(), out = (folder / "out.mp4").string();
  Pipeline pipeline(
      "videotestsrc num-buffers=20 ! video/x-raw,width=64,height=64,framerate=1/300 ! "
      "x264enc speed-preset=ultrafast ! matroskamux ! filesink location=" +
      in);
  ASSERT_EQ(pipeline.run(), "");
  const Outcome outcome = run(in + " " + out);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_GT(times(in).back(), 5000 * GST_SECOND);
  expect_same_times(in, out);
}

TEST(Command, TenBitsStay) {
  const TemporaryFolder folder;
  make(folder,
       "$ ! avdec_h264 ! videoconvert ! video/x-raw,format=I420_10LE ! x264enc "
       "speed-preset=ultrafast ! mp4mux ! filesink location=" +
           (folder / "in.mp4").string());
  const std::string out = (folder / "out.mp4").string();
  ASSERT_EQ(run((folder / "in.mp4").string() + " " + out).code, 0);
  EXPECT_EQ(chunks("filesrc location=" + out +
                   " ! decodebin ! video/x-raw,format=I420_10LE ! "
                   "fakesink name=sink")
                .size(),
            15U);
}

// A JPEG whose EXIF says that it is to be turned by 90 degrees to the right, and holds a thumbnail.
std::string turned_jpeg(const cv::Mat& upright) {
  cv::Mat stored, small;
  cv::rotate(upright, stored, cv::ROTATE_90_COUNTERCLOCKWISE);
  cv::resize(upright, small, {32, 32});
  std::vector<uchar> jpeg, thumbnail;
  cv::imencode(".jpg", stored, jpeg);
  cv::imencode(".jpg", small, thumbnail);
  const auto length = static_cast<char>(thumbnail.size() & 0xff);
  const auto length_high = static_cast<char>(thumbnail.size() >> 8);
  std::string exif("Exif\0\0II*\0\x08\0\0\0", 14);
  exif += std::string("\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\x1a\0\0\0", 18);  // orientation
  exif += std::string("\x02\0\x01\x02\x04\0\x01\0\0\0\x38\0\0\0", 14);  // where the thumbnail is
  exif += std::string("\x02\x02\x04\0\x01\0\0\0", 8) + length + length_high +
          std::string("\0\0\0\0\0\0", 6);  // and its length
  exif.append(thumbnail.begin(), thumbnail.end());
  const std::size_t size = exif.size() + 2;
  std::string file("\xff\xd8\xff\xe1", 4);
  file += static_cast<char>(size >> 8);
  file += static_cast<char>(size & 0xff);
  file += exif;
  file.append(jpeg.begin() + 2, jpeg.end());
  return file;
}

TEST(Command, AFolderOfPicturesKeepsItsNamesAndWhatFailsIsNamed) {
  const TemporaryFolder folder;
  const fs::path in = folder / "in", out = folder / "out";
  fs::create_directories(in / "one/deep");
  const cv::Mat clear = portrait().bgr;
  cv::imwrite((in / "one/a.png").string(), clear);
  cv::Mat grey, face = eval::render_portrait({120, 140}, 0).bgr;
  cv::cvtColor(clear, grey, cv::COLOR_BGR2GRAY);
  cv::imwrite((in / "one/deep/b.pgm").string(), grey);
  write(in / "turned.jpg", turned_jpeg(clear));
  cv::imwrite((in / "nobody.png").string(), cv::Mat(200, 200, CV_8UC3, cv::Scalar(90, 120, 60)));
  std::string cut = read_file(in / "turned.jpg");
  write(in / "cut.jpg", cut.substr(0, cut.size() * 3 / 4));
  write(in / "empty.png", "");
  write(in / "text.mp4", "this is no video");
  write(in / "notes.txt", "left out");
  {
    Pipeline sound("audiotestsrc num-buffers=20 ! avenc_aac ! mp4mux ! filesink location=" +
                   (in / "sound.mp4").string());
    ASSERT_EQ(sound.run(), "");
  }
  const Outcome outcome = run("-j2 -v " + in.string() + " " + out.string() + "/");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(files_in(out),
            (std::set<std::string>{"one/a.png", "one/deep/b.pgm", "turned.jpg", "nobody.png"}));
  for (const char* words :
       {"cut.jpg: it is cut short", "empty.png: it is empty",
        "text.mp4: ", "sound.mp4: there is sound or text but no picture", "1 files are neither"})
    EXPECT_TRUE(contains(outcome.err, words)) << words << " in " << outcome.err;
  EXPECT_TRUE(contains(outcome.out, "4 files protected, 4 failed; 4 frames, 3 faces"))
      << outcome.out;
  EXPECT_TRUE(contains(outcome.out, "no face found in 1 files")) << outcome.out;

  const Rect eyes = features(portrait().faces[0].box);
  EXPECT_GT(difference(clear, cv::imread((out / "one/a.png").string()), eyes), 3);
  EXPECT_GT(
      difference(grey, cv::imread((out / "one/deep/b.pgm").string(), cv::IMREAD_GRAYSCALE), eyes),
      3);
  const cv::Mat upright =
      cv::imread((out / "turned.jpg").string(), cv::IMREAD_IGNORE_ORIENTATION | cv::IMREAD_COLOR);
  ASSERT_EQ(upright.size(), clear.size());
  EXPECT_GT(difference(clear, upright, eyes), 3);
  EXPECT_LT(difference(clear, upright, {0, 0, 20, 20}), 8);
  const cv::Mat nobody = cv::imread((out / "nobody.png").string());
  EXPECT_EQ(cv::norm(nobody, cv::imread((in / "nobody.png").string()), cv::NORM_INF), 0);
}

TEST(Command, AFaceThatFillsItsPictureIsFound) {
  const TemporaryFolder folder;
  const auto scene = eval::render_portrait({400, 400}, 1);
  const Rect box = scene.faces[0].box;
  const cv::Rect face(cv::Point(static_cast<int>(box.x), static_cast<int>(box.y)),
                      cv::Size(static_cast<int>(box.width), static_cast<int>(box.height)));
  const std::string in = (folder / "in.png").string(), out = (folder / "out.png").string();
  const cv::Mat clear = scene.bgr(face & cv::Rect(0, 0, 400, 400)).clone();
  cv::imwrite(in, clear);
  const Outcome outcome = run(in + " " + out);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.out, "1 frames, 1 faces")) << outcome.out;
  const cv::Mat picture = cv::imread(out);
  ASSERT_EQ(picture.size(), clear.size());
  EXPECT_GT(difference(clear, picture, features({0, 0, box.width, box.height})), 3);
}

TEST(Command, ASlowerSearchFindsWhatTheQuickOneMisses) {
  const auto file = test_data("detection/dlib_faces/2008_001322.jpg");
  FACEPERTURB_NEEDS(file);
  const TemporaryFolder folder;
  const Outcome outcome = run(file.string() + " " + (folder / "out.png").string());
  EXPECT_TRUE(contains(outcome.out, "1 frames, 3 faces")) << outcome.out << outcome.err;
  const cv::Rect third(425, 195, 100, 110);  // a man with a tilted head
  const cv::Mat clear = cv::imread(file.string()),
                picture = cv::imread((folder / "out.png").string());
  const double scale = clear.cols / 600.0;
  EXPECT_GT(difference(clear, picture,
                       {static_cast<float>(third.x * scale), static_cast<float>(third.y * scale),
                        static_cast<float>(third.width * scale),
                        static_cast<float>(third.height * scale)}),
            8);
}

TEST(Command, TheFacesOfAGroupAreFound) {
  // 26 people with faces of about 36 pixels: 17 were found where HOG alone had to be sure.
  const auto file = test_data("detection/ultralight_imgs_nogt/11.jpg");
  FACEPERTURB_NEEDS(file);
  const TemporaryFolder folder;
  const Outcome outcome = run(file.string() + " " + (folder / "out.png").string());
  std::smatch match;
  ASSERT_TRUE(std::regex_search(outcome.out, match, std::regex("(\\d+) faces"))) << outcome.err;
  EXPECT_GE(std::stoi(match[1]), 23);
}

TEST(Command, ABeforeAfterPictureThatIsNotThereIsNotNamed) {
  const TemporaryFolder folder;
  const std::string in = (folder / "in.mkv").string(), out = (folder / "out.mkv").string();
  write_scene(in, {320, 180}, 5, 15);
  // Faces as wide as the picture is high: none is found.
  const Outcome outcome = run("--min-face-size=180 -b none.png " + in + " " + out);
  EXPECT_EQ(outcome.code, 0);
  EXPECT_TRUE(contains(outcome.err, "no face was found")) << outcome.err;
  EXPECT_FALSE(contains(outcome.out, "none.png")) << outcome.out;
}

TEST(Command, AnEncoderThatLosesFramesGivesNoFile) {
  const TemporaryFolder folder;
  const std::string in = (folder / "in.mkv").string(), out = (folder / "out").string();
  write_scene(in, {320, 180}, 20, 15);
  fs::create_directory(out);
  const Outcome outcome =
      run("--encoder 'videorate drop-only=true ! video/x-raw,framerate=5/1 ! "
          "x264enc speed-preset=ultrafast' " +
          in + " " + out + "/a.mp4");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, "of its 20 frames were lost")) << outcome.err;
  EXPECT_TRUE(files_in(out).empty());
}

TEST(Command, APreviewNeedsAScreen) {
  const TemporaryFolder folder;
  const std::string in = (folder / "in.mkv").string(), out = (folder / "out").string();
  write_scene(in, {320, 180}, 2, 15);
  fs::create_directory(out);
  const Outcome outcome =
      bash("unset DISPLAY WAYLAND_DISPLAY; faceperturb --preview " + in + " " + out + "/a.mp4");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, "--preview: there is no screen")) << outcome.err;
  EXPECT_TRUE(files_in(out).empty());
}

TEST(Command, SidewaysVideoIsTurnedBeforeFacesAreLookedFor) {
  const TemporaryFolder folder;
  make(folder,
       "$ ! avdec_h264 ! videoflip video-direction=90l ! x264enc speed-preset=ultrafast ! "
       "mp4mux ! filesink location=" +
           (folder / "in.mp4").string());
  // As telephones write it: the track's matrix turns it by 90 degrees to the right.
  std::string file = read_file(folder / "in.mp4");
  const auto header = file.find("tkhd");
  ASSERT_NE(header, std::string::npos);
  file.replace(
      header + 44, 36,
      std::string("\0\0\0\0\0\1\0\0\0\0\0\0\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0@\0\0\0",
                  36));
  write(folder / "in.mp4", file);
  const std::string out = (folder / "out.mp4").string();
  const Outcome outcome = run((folder / "in.mp4").string() + " " + out);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Movie clear = decode((folder / "scene.mkv").string()), movie = decode(out);
  ASSERT_EQ(movie.pictures.size(), clear.pictures.size());
  EXPECT_EQ(movie.pictures[0].size(), clear.pictures[0].size());
  std::size_t protected_faces = 0, faces = 0;
  for (std::size_t i = 0; i < movie.pictures.size(); ++i)
    for (const auto& face : eval::render_scene({320, 180}, static_cast<double>(i) / 15).faces) {
      ++faces;
      protected_faces += difference(clear.pictures[i], movie.pictures[i], features(face.box)) > 6;
    }
  EXPECT_GE(protected_faces, faces * 9 / 10) << faces;
}

TEST(Command, NoHalfFileIsLeftBehind) {
  const TemporaryFolder folder;
  const std::string in = (folder / "in.mkv").string(), out = (folder / "out").string();
  write_scene(in, {640, 360}, 60, 15);
  // The clip again and again: it is still at work when it is interrupted.
  const std::string wait_for_part = "for i in {1..4000}; do compgen -G '" + out +
                                    "/.*.part' >/dev/null && break; sleep 0.05; done;"
                                    "ls -A " +
                                    out + ";";
  const std::string start = PROTECT_PROGRAM " -j1 " + in + " " + out +
                            "/ --encoder "
                            "'x264enc speed-preset=placebo' & ";
  fs::create_directory(out);
  Outcome outcome = bash(start + wait_for_part + "kill -INT $!; wait $!");
  EXPECT_EQ(outcome.code, 130) << outcome.err;
  EXPECT_TRUE(contains(outcome.out, ".part")) << outcome.out;
  EXPECT_TRUE(files_in(out).empty());

  outcome = bash(start + wait_for_part +
                 "kill -SEGV $(cat /proc/$!/task/$!/children /proc/$!/task/*/children | head -n 1 "
                 "| cut -d ' ' -f 1); wait $!");
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "has died")) << outcome.err;
  EXPECT_TRUE(files_in(out).empty());

  // A file that cannot grow is as good as a full disk.
  outcome = bash("trap '' XFSZ; ulimit -f 4; faceperturb " + in + " " + out + "/a.mp4");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, "in.mkv: ")) << outcome.err;
  EXPECT_TRUE(files_in(out).empty());
  cv::imwrite((folder / "a.png").string(), eval::render_portrait({200, 200}, 0).bgr);
  outcome = bash("trap '' XFSZ; ulimit -f 4; faceperturb " + (folder / "a.png").string() + " " +
                 out + "/a.png");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, "a.png': ")) << outcome.err;
  EXPECT_TRUE(files_in(out).empty());
}

TEST(Command, CompletionKnowsOptionsAndValues) {
  const std::string prelude = "source " SOURCE_ROOT
                              "/examples/completion/faceperturb\n"
                              "complete_line() { COMP_WORDS=(" PROTECT_PROGRAM
                              " \"$@\"); COMP_CWORD=$#; COMPREPLY=()\n"
                              "_faceperturb \"${COMP_WORDS[0]}\"; echo \"${COMPREPLY[*]}\"; }\n";
  for (const auto& [words, expected] : std::initializer_list<std::pair<std::string, std::string>>{
           {"--me", "--method="},
           {"--method = av", "average"},
           {"--regions = eyes+h", "eyes+head"},
           {"-e vp", "vp8 vp9"},
           {"--encoder = x", "x264 x265"},
           {"/etc/hostn", "/etc/hostname"}}) {
    const Outcome outcome = bash(prelude + "complete_line " + words);
    EXPECT_EQ(outcome.out, expected + "\n") << words << outcome.err;
  }
}

TEST(Command, TheManualIsWellFormed) {
  if (std::system("command -v man >/dev/null") != 0) GTEST_SKIP() << "there is no man";
  const Outcome outcome = bash("LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l -Tutf8 -Z " SOURCE_ROOT
                               "/docs/faceperturb.1 >/dev/null");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
}

// The connection is cut: what was recorded until then is kept.
TEST(Command, ACameraThatBreaksOffLeavesItsRecording) {
  const TemporaryFolder folder;
  const std::string scene = (folder / "scene.mkv").string(), out = (folder / "out.mkv").string();
  write_scene(scene, {320, 180}, 600, 25);
  RtspServer camera(scene);
  ASSERT_TRUE(camera.runs()) << "no port on 127.0.0.1";
  // When some of it is in the file, or, at the latest, when all was sent.
  const auto recorded = [&] {
    std::error_code gone;  // meanwhile
    for (const auto& file : fs::directory_iterator(folder / ""))
      if (file.path().extension() == ".part" && file.file_size(gone) > 0) return true;
    return false;
  };
  std::thread cut([&] {
    for (int i = 0; i < 600 && !recorded(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    camera.break_off();
  });
  const Outcome outcome = run(camera.address() + " " + out);
  cut.join();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "the recording ends")) << outcome.err;
  EXPECT_GT(decode(out).pictures.size(), 0U);
}

// Frames may have come, but nothing is in the file before the pipeline plays: it once waited for
// ever.
TEST(Command, ACameraThatBreaksOffAtItsStartIsAnError) {
  const TemporaryFolder folder;
  const std::string scene = (folder / "scene.mkv").string(), out = (folder / "out.mkv").string();
  write_scene(scene, {320, 180}, 300, 25);
  for (const int delay : {200, 500, 700, 900}) {
    SCOPED_TRACE(delay);
    RtspServer camera(scene);
    ASSERT_TRUE(camera.runs()) << "no port on 127.0.0.1";
    const std::string address = camera.address();
    std::thread cut([&] {
      while (!camera.serves()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      std::this_thread::sleep_for(std::chrono::milliseconds(delay));
      camera.break_off();
    });
    const Outcome outcome = run(address + " " + out);
    cut.join();
    EXPECT_EQ(outcome.code == 0, fs::exists(out)) << outcome.err;
    EXPECT_TRUE(contains(outcome.err, address)) << outcome.err;
    fs::remove(out);
  }
}

}  // namespace
}  // namespace faceperturb::test
