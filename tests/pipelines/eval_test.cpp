// SPDX-License-Identifier: LGPL-2.1-or-later
// The evaluation program, as users run it.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
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
  for (const auto& [arguments, words] : std::initializer_list<std::pair<std::string, std::string>>{
           {"", "DATASET"},
           {empty, "'" + empty + "' has nothing to use"},
           {"/no/such/folder", "/no/such/folder"},
           {empty + " --method nonsense", "nonsense"},
           {empty + " --regions nonsense", "nonsense"},
           {empty + " --pixels many", "many"},
           {empty + " --models /no/such/models", "/no/such/models"}}) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 1) << arguments;
    EXPECT_NE(outcome.err.find(words), std::string::npos) << arguments << ": " << outcome.err;
  }
}

TEST(EvalProgram, CountsTheLeaksOfAClip) {
  constexpr int frames = 40;
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
  const Outcome outcome =
      run((folder / "clips").string() + " /no/such/set --out " + (folder / "report").string());
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("/no/such/set"), std::string::npos);
  const auto json = nlohmann::json::parse(read_file(folder / "report/report.json"));
  const auto& row = json["tables"]["clips-scene"]["shuffle"];
  EXPECT_EQ(row["frames"], frames);
  EXPECT_EQ(row["with a face"], frames);
  EXPECT_EQ(row["leaks per 1,000"], 0);
  EXPECT_GT(row["bitrate, x264"], 1);
  EXPECT_GT(row["bitrate, VP9"], 1);
  EXPECT_GT(row["p99"], 0);
  EXPECT_NE(read_file(folder / "report/index.html").find("/no/such/set"), std::string::npos);
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
  EXPECT_NEAR(psnr, 22.32, 0.5);
}

}  // namespace
}  // namespace faceperturb::test
