// SPDX-License-Identifier: LGPL-2.1-or-later
// The evaluation program, as users run it.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>
#include <sstream>

#include "eval/scene.h"
#include "support/faces.h"
#include "support/pipeline.h"

namespace faceperturb::test {
namespace {

namespace fs = std::filesystem;

struct Outcome {
  int code;
  std::string out, err;
};

// Runs the program with these arguments, of which none needs quoting.
Outcome run(const std::string& arguments) {
  const TemporaryFolder folder;
  const std::string out = (folder / "out").string(), err = (folder / "err").string();
  const int status = std::system((EVAL_PROGRAM " " + arguments + " >" + out + " 2>" + err).c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(out), read_file(err)};
}

TEST(EvalProgram, SaysWhatIsWrong) {
  const TemporaryFolder folder;
  fs::create_directories(folder / "empty");
  const std::string empty = (folder / "empty").string();
  const std::string notes = (folder / "notes.onnx").string();
  std::ofstream(notes) << "no network";
  fs::create_directories(folder / "portraits/0");
  cv::imwrite((folder / "portraits/0/0.png").string(), eval::render_portrait({160, 160}, 0).bgr);
  const std::string portraits =
      (folder / "portraits").string() + " --landmark-model " + small_model();
  fs::create_directories(folder / "unreadable/0");
  std::ofstream(folder / "unreadable/0/0.png") << "no picture";
  const std::string unreadable =
      (folder / "unreadable").string() + " --landmark-model " + small_model();
  for (const auto& [arguments, words] : std::initializer_list<std::pair<std::string, std::string>>{
           {"", "DATASET"},
           {empty, "'" + empty + "' has nothing to use"},
           {"/no/such/folder", "/no/such/folder"},
           {empty + " --method nonsense", "nonsense"},
           {empty + " --regions nonsense", "nonsense"},
           {empty + " --pixels many", "many"},
           {empty + " --models /no/such/models", "/no/such/models"},
           {portraits + " --embedder /no/such/net.onnx", "'/no/such/net.onnx' does not exist"},
           {portraits + " --detector /no/such/net.onnx", "'/no/such/net.onnx' does not exist"},
           {portraits + " --detector " + notes, notes},
           {portraits + " --quality " + notes, notes},
           {portraits + " --landmark-model " + notes, notes},
           {portraits + " --out " + notes, notes},
           {portraits + " --out " + notes + "/below", notes},
           {portraits + " --out /proc/report", "/proc/report"},
           {portraits + " --jobs -1", "--jobs"},
           {portraits + " --per-person -1", "--per-person"},
           {portraits + " --cell-size 0", "--cell-size"},
           {portraits + " --seed none", "none"},
           {portraits + " --regions \"\"", "--regions"},
           {portraits + " --per-person 9", "nobody with 9 pictures"},
           {(folder / "portraits/0/0.png").string(), "is no folder"},
           {unreadable, "nothing could be measured"},
           {unreadable + " --out " + (folder / "report").string(), "nothing could be measured"},
           {portraits + " --nonsense", "--nonsense"},
           {portraits + " --out report --method shuffle", "--method"}}) {
    const Outcome outcome = run(arguments);
    EXPECT_TRUE(outcome.code == 1 || outcome.code == 2) << arguments;  // 2: a call that is none
    EXPECT_NE(outcome.err.find(words), std::string::npos) << arguments << ": " << outcome.err;
  }
}

TEST(EvalProgram, BadFilesAreNamedAndTheRestIsDone) {
  const TemporaryFolder folder;
  for (const char* person : {"set/0", "set/1", "set/nobody"})
    fs::create_directories(folder / person);
  for (int i = 0; i < 4; ++i)
    cv::imwrite((folder / ("set/" + std::to_string(i % 2)) / (std::to_string(i) + ".png")).string(),
                eval::render_portrait({160, 160}, i % 2).bgr);
  std::ofstream(folder / "set/0/damaged.jpg") << "no picture";
  std::ofstream(folder / "set/0/notes.txt") << "not looked at";
  fs::create_directories(folder / "empty");
  const Outcome outcome = run((folder / "set").string() + " " + (folder / "empty").string() +
                              " --method occlude --pixels 0");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.out.find("set: 4 pictures"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("occlude, eyes+nose+mouth n=0"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.err.find("damaged.jpg' cannot be read as a picture"), std::string::npos)
      << outcome.err;
  EXPECT_NE(outcome.err.find("empty' has nothing to use"), std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.err.find("notes.txt"), std::string::npos) << outcome.err;
}

// Stopped while it works, it says so, and leaves a cache that the next run takes up.
TEST(EvalProgram, GoesOnWhereItWasStopped) {
  const TemporaryFolder folder;
  for (int i = 0; i < 4; ++i) {
    const auto person = folder / "set" / std::to_string(i % 2);
    fs::create_directories(person);
    cv::imwrite((person / (std::to_string(i) + ".png")).string(),
                eval::render_portrait({120, 120}, i % 2).bgr);
  }
  const std::string err = (folder / "err").string(), report = (folder / "report").string();
  const std::string set = (folder / "set").string();
  const std::string arguments = set + " --landmark-model " + small_model() + " --out ";
  const std::string stop = EVAL_PROGRAM " " + arguments + report + " 2>" + err +
                           " & until [ $(ls " + report +
                           "/cache 2>/dev/null | wc -l) -gt 20 ]; do"
                           " sleep 0.02; done; kill -INT $!; wait $!";
  const int status = std::system(stop.c_str());
  EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 128 + SIGINT);
  EXPECT_NE(read_file(err).find("goes on where it was stopped"), std::string::npos)
      << read_file(err);
  EXPECT_FALSE(fs::exists(folder / "report/report.json"));

  EXPECT_EQ(run(arguments + report).code, 0);
  EXPECT_EQ(run(arguments + (folder / "fresh").string()).code, 0);
  const auto numbers = [&](const char* name) {
    auto tables = nlohmann::json::parse(read_file(folder / name / "report.json"))["tables"];
    for (auto& [method, row] : tables["set-table2"].items()) row.erase("ms");
    return tables;
  };
  EXPECT_EQ(numbers("report"), numbers("fresh"));
}

TEST(EvalProgram, CountsTheLeaksOfAClip) {
  constexpr int frames = 25;
  const TemporaryFolder folder;
  fs::create_directories(folder / "clips");
  write_scene((folder / "clips/scene.mkv").string(), {480, 270}, frames, 25);
  {
    std::ofstream truth(folder / "clips/gt.txt");
    for (int i = 0; i < frames; ++i) {
      const Rect box = eval::render_scene({480, 270}, i / 25.0).faces.back().box;
      truth << box.x << ',' << box.y << ',' << box.x + box.width << ',' << box.y + box.height
            << '\n';
    }
  }
  const std::string arguments = (folder / "clips").string() + " --landmark-model " + small_model() +
                                " --out " + (folder / "report").string();
  const Outcome outcome = run(arguments + " /no/such/set");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("/no/such/set"), std::string::npos);
  const auto json = nlohmann::json::parse(read_file(folder / "report/report.json"));
  ASSERT_FALSE(json["tables"]["clips-scene"].is_null()) << outcome.err;
  const auto& row = json["tables"]["clips-scene"]["shuffle, eyes+nose+mouth"];
  EXPECT_EQ(row["frames"], frames);
  EXPECT_EQ(row["with a face"], frames);
  EXPECT_EQ(row["leaks per 1,000"], 0);
  EXPECT_GT(row["bitrate, x264"], 1);
  EXPECT_GT(row["bitrate, VP9"], 1);
  EXPECT_GT(row["p99"], 0);
  EXPECT_NE(read_file(folder / "report/index.html").find("/no/such/set"), std::string::npos);
  EXPECT_GT(json["tables"]["clips-scene"]["shuffle, face"]["bitrate, x264"], row["bitrate, x264"]);

  // Started again it measures nothing anew: not even the times differ.
  const Outcome again = run(arguments);
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(nlohmann::json::parse(read_file(folder / "report/report.json"))["tables"],
            json["tables"]);
}

TEST(EvalProgram, AgreesWithThePrototypeOnLfw) {
  const auto folder = test_data("identity/lfw_subset10");
  FACEPERTURB_NEEDS(folder);
  const Outcome outcome = run(folder.string() + " --method shuffle --pixels 8000");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const auto row = outcome.out.find("shuffle, eyes+nose+mouth n=8000");
  ASSERT_NE(row, std::string::npos) << outcome.out;
  std::istringstream numbers(outcome.out.substr(row + 32));
  double ssim = 0, psnr = 0;
  numbers >> ssim >> psnr;
  EXPECT_NEAR(ssim, 0.8658, 0.01);
  EXPECT_NEAR(psnr, 22.32, 0.8);  // its pixels grew evenly, into the background too
}

}  // namespace
}  // namespace faceperturb::test
