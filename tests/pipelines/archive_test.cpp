// SPDX-License-Identifier: LGPL-2.1-or-later
// The account that the program faceperturb keeps of many files: --manifest, --shard, --tries.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>
#include <set>
#include <sstream>

#include "eval/scene.h"
#include "support/faces.h"
#include "support/pipeline.h"

namespace faceperturb::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class Archive : public testing::Test {
 protected:
  struct Outcome {
    int code;  // 128 + the number of a signal
    std::string out, err;
  };

  // Runs a line of bash in the folder; `faceperturb` is the program.
  Outcome bash(const std::string& line) const {
    std::ofstream(folder_ / "script") << "cd " << folder_ / ""
                                      << "\nfaceperturb() { " << PROTECT_PROGRAM " \"$@\"; }\n"
                                      << line << '\n';
    const int status =
        std::system(("bash " + (folder_ / "script").string() + " >" +
                     (folder_ / "stdout").string() + " 2>" + (folder_ / "stderr").string())
                        .c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
            read_file(folder_ / "stdout"), read_file(folder_ / "stderr")};
  }
  Outcome run(const std::string& options = "") const {
    return bash("faceperturb --detector=cascade --manifest=m " + options + " in out/");
  }

  void picture(const std::string& name, int seed = 0) const {
    const fs::path file = folder_ / "in" / name;
    fs::create_directories(file.parent_path());
    cv::imwrite(file.string(), eval::render_portrait({120, 120}, seed).bgr);
  }
  void write(const std::string& name, const std::string& content) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary | std::ios::app) << content;
  }
  // A video that takes longer than a picture.
  void video(const std::string& name) const {
    fs::create_directories(folder_ / "in");
    write_scene((folder_ / "in" / name).string(), {320, 180}, 60, 15);
  }

  std::vector<json> lines(const char* file) const {
    std::vector<json> lines;
    std::istringstream in(read_file(folder_ / "m" / file));
    for (std::string line; std::getline(in, line);)
      if (json parsed = json::parse(line, nullptr, false); parsed.is_object())
        lines.push_back(std::move(parsed));
    return lines;
  }
  // How often each file was done.
  std::map<std::string, int> done() const {
    std::map<std::string, int> done;
    for (const json& line : lines("journal.jsonl"))
      if (line["outcome"] == "done") ++done[line["file"].get<std::string>()];
    return done;
  }
  std::set<std::string> outputs() const {
    std::set<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / "out"))
      if (entry.is_regular_file())
        files.insert(entry.path().lexically_relative(folder_ / "out").generic_string());
    return files;
  }
  void expect_sums() const {
    const Outcome check = bash("cd out && sha256sum --strict -c ../m/SHA256SUMS");
    EXPECT_EQ(check.code, 0) << check.out << check.err;
  }

  const TemporaryFolder folder_;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

using Counts = std::map<std::string, int>;

TEST_F(Archive, WhatIsDoneIsNotDoneAgain) {
  for (const char* name : {"a.png", "deep/b.png", "c.png"}) picture(name);
  Outcome outcome = run("-j2");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.out, "3 of 3 files done, 0 failed, 0 not done; 3 frames: 3 checked"))
      << outcome.out;
  expect_sums();
  EXPECT_EQ(outputs(), (std::set<std::string>{"a.png", "c.png", "deep/b.png"}));
  for (const json& line : lines("manifest.jsonl")) {
    EXPECT_EQ(line["outcome"], "done");
    EXPECT_EQ(line["checked"], 1);
    EXPECT_EQ(line["covered"], 0);
    EXPECT_EQ(line["faces"], 1);
    EXPECT_GT(line["seconds"], 0);
    EXPECT_EQ(line["options"]["detector"], "cascade");
    const Outcome sum = bash("sha256sum " + line["source"].get<std::string>());
    EXPECT_TRUE(sum.out.starts_with(line["source_sha256"].get<std::string>()));
  }

  outcome = run();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.out, "0 files protected")) << outcome.out;
  EXPECT_TRUE(contains(outcome.out, "3 files were done before")) << outcome.out;
  EXPECT_EQ(done(), (Counts{{"a.png", 1}, {"c.png", 1}, {"deep/b.png", 1}}));

  // Copied without its time, it is the same; an output that is gone or damaged, or a source that is
  // another, is not.
  bash("touch in/a.png out/a.png; printf x >>out/deep/b.png");
  picture("c.png", 3);
  outcome = run();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(done(), (Counts{{"a.png", 1}, {"c.png", 2}, {"deep/b.png", 2}}));
  fs::remove(folder_ / "out/a.png");
  EXPECT_EQ(run("--summary").code, 1);
  EXPECT_EQ(lines("manifest.jsonl")[0]["outcome"], "open");
  EXPECT_EQ(run().code, 0);
  EXPECT_EQ(done(), (Counts{{"a.png", 2}, {"c.png", 2}, {"deep/b.png", 2}}));
  expect_sums();

  // What was done in another way is not what is asked for.
  EXPECT_EQ(run("--method=occlude").code, 0);
  EXPECT_EQ(done(), (Counts{{"a.png", 3}, {"c.png", 3}, {"deep/b.png", 3}}));
}

TEST_F(Archive, WhatFailsIsTriedAgainAndNamed) {
  picture("a.png");
  write("in/b.png", "no picture");
  Outcome outcome = run("--tries=3");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, "1 files are tried again")) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "failed: in/b.png: it is no picture")) << outcome.err;
  EXPECT_TRUE(contains(outcome.out, "1 of 2 files done, 1 failed")) << outcome.out;
  const json failed = lines("manifest.jsonl").at(1);
  EXPECT_EQ(failed["outcome"], "failed");
  EXPECT_EQ(failed["tries"], 3);
  EXPECT_EQ(json::parse(read_file(folder_ / "m/summary.json"))["failures"][0]["file"], "b.png");
  expect_sums();

  fs::remove(folder_ / "in/b.png");
  picture("b.png");
  outcome = run();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(done(), (Counts{{"a.png", 1}, {"b.png", 1}}));
}

TEST_F(Archive, ShardsAreOfEqualWorkAndTogetherTheWhole) {
  video("v.mkv");
  for (const char* name : {"1.png", "2.png", "3.png", "4.png"}) picture(name);
  const Outcome outcome = bash(
      "run() { faceperturb --detector=cascade --manifest=m --shard=$1/2 -v in out/; }\n"
      "run 0 >0.out & run 1 >1.out & wait -n || exit; wait -n || exit\n"
      "faceperturb --detector=cascade --manifest=m --summary in out/");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.out, "5 of 5 files done")) << outcome.out;
  EXPECT_EQ(done(), (Counts{{"1.png", 1}, {"2.png", 1}, {"3.png", 1}, {"4.png", 1}, {"v.mkv", 1}}));
  expect_sums();
  // The video is the longest work, so it is first, and has the fewest files beside it.
  const std::string with_video = read_file(folder_ / "0.out"),
                    without = read_file(folder_ / "1.out");
  EXPECT_TRUE(contains(with_video, "v.mkv: 60 frames")) << with_video;
  EXPECT_TRUE(contains(without, "files protected, 0 failed")) << without;
  EXPECT_GT(std::ranges::count(without, '\n'), std::ranges::count(with_video, '\n'));
}

TEST_F(Archive, TwoAtOnceDoEachFileOnce) {
  video("v.mkv");
  for (const char* name : {"1.png", "2.png", "3.png", "4.png"}) picture(name);
  const std::string one = "faceperturb --detector=cascade --manifest=m in out/";
  const Outcome outcome = bash(one + " & " + one + " & wait -n || exit; wait -n");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(done(), (Counts{{"1.png", 1}, {"2.png", 1}, {"3.png", 1}, {"4.png", 1}, {"v.mkv", 1}}));
  EXPECT_TRUE(contains(outcome.err, "another process works on")) << outcome.err;
  // Either waited for the other: what both say is the whole.
  EXPECT_EQ(outcome.out.find("5 of 5 files done") == outcome.out.rfind("5 of 5 files done"), false)
      << outcome.out;
  expect_sums();
}

TEST_F(Archive, AKilledRunIsTakenUpAgain) {
  picture("a.png");
  video("v.mkv");
  picture("z.png");
  const std::string slow = " --encoder='x264enc speed-preset=slow' in out/";
  const Outcome killed = bash(PROTECT_PROGRAM " --detector=cascade --manifest=m" + slow +
                              " & for i in {1..4000}; do compgen -G 'out/.v.mkv.*.part' && break; "
                              "sleep 0.05; done; kill -KILL $!; wait $!");
  EXPECT_EQ(killed.code, 137) << killed.err;
  EXPECT_TRUE(contains(killed.out, ".part")) << killed.out << killed.err;
  EXPECT_EQ(done(), (Counts{{"a.png", 1}}));
  // A process that dies with its machine leaves such a file, and half a line.
  const json begun = lines("journal.jsonl").back();
  ASSERT_EQ(begun["outcome"], "begun");
  write("out/" + begun["temporary"].get<std::string>(), "half a video");
  write("m/journal.jsonl", "{\"file\":\"z.png\",\"outcome\":\"do");

  const Outcome outcome = bash("faceperturb --detector=cascade --manifest=m" + slow);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(done(), (Counts{{"a.png", 1}, {"v.mkv", 1}, {"z.png", 1}}));
  EXPECT_EQ(outputs(), (std::set<std::string>{"a.png", "v.mkv", "z.png"}));
  const auto journal = lines("journal.jsonl");
  EXPECT_EQ(journal.back()["file"], "v.mkv");  // last: it may have been the cause
  EXPECT_EQ(std::ranges::count_if(journal,
                                  [](const json& line) {
                                    return line["file"] == "z.png" && line["outcome"] == "begun";
                                  }),
            1);  // the half line spoilt none behind it
  expect_sums();
}

TEST_F(Archive, NamesOfAnyBytes) {
  const std::set<std::string> names{"a%41.png", "b\xff.png", "c\\d.png", "e\nf.png",
                                    "g h\xc3\xa4.png"};
  for (const auto& name : names) picture(name);
  ASSERT_EQ(run().code, 0);
  EXPECT_EQ(outputs(), names);
  expect_sums();
  std::set<std::string> in_manifest;
  for (const json& line : lines("manifest.jsonl"))
    in_manifest.insert(line["file"].get<std::string>());
  EXPECT_EQ(in_manifest, (std::set<std::string>{"a%2541.png", "b%FF.png", "c\\d.png", "e%0Af.png",
                                                "g h\xc3\xa4.png"}));
  EXPECT_TRUE(contains(run().out, "5 files were done before"));
}

TEST_F(Archive, AListNamesWhatIsTaken) {
  for (const char* name : {"a.png", "deep/b.png", "c.png"}) picture(name);
  write("list", "deep/b.png\n\n./a.png\n");
  EXPECT_EQ(run("--files-from=list").code, 0);
  EXPECT_EQ(outputs(), (std::set<std::string>{"a.png", "deep/b.png"}));
  write("list", "gone.png\n");
  const Outcome outcome = run("--files-from=list");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, "gone.png")) << outcome.err;
}

TEST_F(Archive, AJudgeCountsWhatLeavesClear) {
  const auto model = test_data("models/detectors/yunet/yunet_n_320_320.onnx");
  FACEPERTURB_NEEDS(model);
  video("v.mkv");
  for (const char* name : {"a.png", "b.png"}) picture(name);
  const auto judged = [&](const std::string& options) {
    const Outcome outcome = run("-j2 --judge=" + model.string() + options);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(contains(outcome.out, "the judge looked at 62 frames")) << outcome.out;
    const json all = json::parse(read_file(folder_ / "m/summary.json"))["judge"];
    std::uint64_t faces = 0;
    for (const json& line : lines("manifest.jsonl"))
      faces += line["judge"]["faces"].get<std::uint64_t>();
    EXPECT_EQ(all["faces"], faces);
    return all;
  };
  const json well = judged("");
  EXPECT_GT(well["faces"], 40);
  EXPECT_EQ(well["leaks"], 0);
  // Most of a face is left as it was.
  const json badly = judged(" --regions=mouth");
  EXPECT_EQ(badly["faces"], well["faces"]);
  EXPECT_GT(badly["leaks"].get<int>(), badly["faces"].get<int>() / 2);
  EXPECT_GT(badly["longest"], 3);
}

TEST_F(Archive, SaysWhatIsWrong) {
  picture("a.png");
  write("list", "../a.png\n");
  for (const auto& [arguments, words] : std::initializer_list<std::pair<std::string, std::string>>{
           {"--shard=0/2 in out/", "--manifest"},
           {"--summary in out/", "--manifest"},
           {"--manifest=m --shard=2/2 in out/", "I/N"},
           {"--manifest=m --shard=1 in out/", "I/N"},
           {"--manifest=m --shard=-1/2 in out/", "I/N"},
           {"--tries=0 in out/", "--tries"},
           {"--judge=list in out/", "--judge"},
           {"--manifest=m in/a.png a.png", "--manifest is for a folder"},
           {"--files-from=list in out/", "../a.png"},
           {"--files-from=none in out/", "cannot read 'none'"},
           {"--files-from=list in/a.png out/", "--files-from needs one folder"}}) {
    const Outcome outcome = bash("faceperturb " + arguments);
    EXPECT_EQ(outcome.code, 2) << arguments;
    EXPECT_TRUE(contains(outcome.err, words)) << arguments << ": " << outcome.err;
  }
  EXPECT_FALSE(fs::exists(folder_ / "out"));
  EXPECT_FALSE(fs::exists(folder_ / "m"));
}

}  // namespace
}  // namespace faceperturb::test
