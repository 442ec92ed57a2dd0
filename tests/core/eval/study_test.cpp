// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>
#include <sstream>

#include "eval/cache.h"
#include "eval/evaluation.h"
#include "eval/known_plaintext.h"
#include "eval/metrics.h"
#include "eval/scene.h"
#include "support/faces.h"

namespace faceperturb::eval {
namespace {

namespace fs = std::filesystem;

// Two people who do not exist, three pictures each, and a file that is no picture.
class StudyTest : public testing::Test {
 protected:
  StudyTest() {
    for (int person = 0; person < 2; ++person) {
      const fs::path at = folder / "set" / std::to_string(person);
      fs::create_directories(at);
      for (int i = 0; i < 3; ++i)
        cv::imwrite((at / (std::to_string(i) + ".png")).string(),
                    cv::Mat(render_portrait({160, 160}, person).bgr + cv::Scalar::all(8 * i)));
    }
    std::ofstream(folder / "set" / "0" / "damaged.jpg") << "no picture";
    plan.models.landmarks = test::small_model();
    plan.cache = folder / "cache";
    plan.step = [this] { ++done; };
  }
  Dataset set() { return load_dataset(folder / "set"); }

  test::TemporaryFolder folder;
  Plan plan;
  std::atomic<int> done = 0;
};

TEST_F(StudyTest, NamesBadPicturesAndMeasuresTheOthers) {
  Study study(set(), plan);
  ASSERT_EQ(study.pictures().size(), 6U);
  ASSERT_EQ(study.set().faults.size(), 1U);
  EXPECT_NE(study.set().faults[0].find("damaged.jpg"), std::string::npos);

  const auto variant = methods_at(2000).front();
  const auto measurements = study.run({variant});
  ASSERT_EQ(measurements.size(), 6U);
  const ClearPicture& picture = study.pictures()[0];
  const cv::Mat clear = study.clear(picture), changed = study.protect(picture, variant);
  EXPECT_EQ(measurements[0].fault, "");
  EXPECT_DOUBLE_EQ(measurements[0].ssim, ssim(clear, changed));
  EXPECT_DOUBLE_EQ(measurements[0].psnr, psnr(clear, changed));
  EXPECT_LT(measurements[0].ssim, 0.99);
}

TEST_F(StudyTest, APictureThatIsCutShortIsNamedAndNotMeasured) {
  const fs::path whole = folder / "set" / "1" / "whole.jpg", cut = folder / "set" / "1" / "cut.jpg";
  cv::imwrite(whole.string(), render_portrait({160, 160}, 1).bgr);
  const std::string bytes = test::read_file(whole);
  std::ofstream(cut, std::ios::binary) << bytes.substr(0, bytes.size() * 2 / 3);
  cv::imwrite((folder / "set" / "1" / "tiny.png").string(), cv::Mat(1, 1, CV_8UC3, {1, 2, 3}));
  const Study study(set(), plan);
  EXPECT_EQ(study.pictures().size(), 7U);
  ASSERT_EQ(study.set().faults.size(), 3U);
  EXPECT_NE(study.set().faults[1].find("cut.jpg' is cut short"), std::string::npos);
  EXPECT_NE(study.set().faults[2].find("tiny.png' "), std::string::npos);
}

TEST_F(StudyTest, WhereTheCacheCannotBeIsSaid) {
  std::ofstream(folder / "file") << "no folder";
  plan.cache = folder / "file" / "cache";
  try {
    Study(set(), plan).run({methods_at(2000).front(), Depth::fidelity, nullptr});
    FAIL();
  } catch (const CacheError& error) {
    EXPECT_NE(std::string(error.what()).find(plan.cache.string()), std::string::npos);
  }
}

TEST_F(StudyTest, OnlyMethodsThatDrawGiveOtherFrames) {
  const cv::Mat portrait = render_portrait({160, 160}, 0).bgr;
  const std::vector<Face> faces{test::upright_face({40, 40, 80, 80})};
  for (const Variant& variant : methods_on(Regions::head)) {
    const auto frames = protect(portrait, faces, variant.settings, 1, 4);
    ASSERT_EQ(frames.size(), 4U) << variant.method;
    const bool draws =
        variant.settings.method == Method::shuffle || variant.settings.method == Method::noise;
    EXPECT_EQ(cv::norm(frames[2].bgr, frames[3].bgr, cv::NORM_INF) > 0, draws) << variant.method;
  }
}

TEST_F(StudyTest, TheCacheGivesTheSameAndADamagedOneIsMeasuredAgain) {
  const Trial trial{methods_at(2000).front()};
  const auto run = [&] {
    Study study(set(), plan);
    const auto measurements = study.run(trial);
    return Summarizer(study, 1).of(measurements);
  };
  const Summary first = run();
  for (const auto& entry : fs::directory_iterator(plan.cache)) {
    std::ofstream(entry.path()) << "damaged";
    break;
  }
  const Summary second = run();
  EXPECT_EQ(first.ssim, second.ssim);
  EXPECT_EQ(first.max_distance, second.max_distance);
  EXPECT_EQ(first.quality, second.quality);
  EXPECT_EQ(first.detectors[0].recall, second.detectors[0].recall);
  EXPECT_EQ(first.attacks.at("lbph").parrot.eer.value, second.attacks.at("lbph").parrot.eer.value);
  EXPECT_EQ(first.attacks.at("histogram").clear_gallery.rank_one.value,
            second.attacks.at("histogram").clear_gallery.rank_one.value);
}

TEST(MainFace, DoubtfulDetectionsAgreeWithASureOneAndAreNoneThemselves) {
  const Rect middle{40, 40, 40, 40}, aside{0, 0, 30, 30}, doubtful{80, 80, 20, 20};
  const std::vector<std::vector<Detection>> found{
      {{.box = aside, .score = 2}, {.box = middle, .score = 1}},
      {{.box = aside, .score = 0.9F},
       {.box = middle, .score = 0.4F, .sure = false},
       {.box = doubtful, .score = 0.3F, .sure = false}},
  };
  const std::vector<std::string> names{"one", "two"};
  const auto face = main_face(found, names, {120, 120});
  ASSERT_TRUE(face);
  EXPECT_EQ(face->box.x, middle.x);
  EXPECT_EQ(face->source, "one");
}

TEST_F(StudyTest, SeedsDiffer) {
  const Trial trial{methods_at(2000).front(), Depth::fidelity, nullptr};
  const double one = Study(set(), plan).run(trial)[0].psnr;
  plan.seed = 2;
  EXPECT_NE(Study(set(), plan).run(trial)[0].psnr, one);
}

TEST_F(StudyTest, TheReportIsWholeAndRepeats) {
  const auto make = [&](const fs::path& out) {
    const Evaluation evaluation = evaluate(set(), plan);
    Report report{"Test <1>", "command & more", {protocol(), section_of(evaluation, plan.seed)}};
    write(report, out);
  };
  make(folder / "one");
  EXPECT_EQ(static_cast<std::size_t>(done),
            steps(set()) - steps(set()) / 7);  // one of 7 is damaged
  plan.jobs = 1;
  make(folder / "two");
  for (const char* name : {"index.html", "report.csv", "report.json"})
    EXPECT_EQ(test::read_file(folder / "one" / name), test::read_file(folder / "two" / name))
        << name;

  const std::string html = test::read_file(folder / "one" / "index.html");
  EXPECT_NE(html.find("Test &lt;1&gt;"), std::string::npos);
  EXPECT_EQ(html.find("src=\"http"), std::string::npos);
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_EQ(html.find("<link"), std::string::npos);
  for (const char* title : {"Table 1", "Table 2", "Table 3", "Figure 6", "theta"})
    EXPECT_NE(html.find(title), std::string::npos) << title;

  const auto json = nlohmann::json::parse(test::read_file(folder / "one" / "report.json"));
  const double ssim = json["tables"]["set-table2"]["shuffle"]["SSIM"];
  EXPECT_GT(ssim, 0.1);
  EXPECT_LT(ssim, 0.99);
}

TEST_F(StudyTest, ANewPermutationStandsKnownPlaintextAFixedOneDoesNot) {
  const Table table = known_plaintext(Study(set(), plan), plan.seed);
  const auto row = std::ranges::find(table.rows, "shuffle", &Table::Row::name);
  ASSERT_NE(row, table.rows.end());
  EXPECT_GT(std::get<double>(row->values[1]), std::get<double>(row->values[2]) + 0.2);
}

}  // namespace
}  // namespace faceperturb::eval
