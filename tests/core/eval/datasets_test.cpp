// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/datasets.h"

#include <gtest/gtest.h>

#include <fstream>
#include <opencv2/imgcodecs.hpp>

#include "support/faces.h"

namespace faceperturb::eval {
namespace {

namespace fs = std::filesystem;

class Datasets : public testing::Test {
 protected:
  fs::path write(const std::string& name, const std::string& text) {
    fs::create_directories((folder / name).parent_path());
    std::ofstream(folder / name) << text;
    return folder / name;
  }
  void picture(const std::string& name) {
    fs::create_directories((folder / name).parent_path());
    cv::imwrite((folder / name).string(), cv::Mat(20, 30, CV_8UC1, cv::Scalar(1)));
  }
  Dataset load() { return load_dataset(folder / ""); }

  test::TemporaryFolder temporary;
  const fs::path folder = temporary / "set";
};

// 68 points: x from 0 to 67, y from 100 down in steps of half a pixel.
std::string points(const char* between, const char* after, double origin = 0) {
  std::string text;
  for (int i = 0; i < 68; ++i)
    text += std::to_string(i + origin) + between + std::to_string(100 - i / 2.0 + origin) + after;
  return text;
}

TEST_F(Datasets, OneFolderAPerson) {
  picture("bob/2.png");
  picture("bob/1.pgm");
  picture("alice/x.JPG");
  write("bob/notes.txt", "no picture");
  const auto set = load();
  ASSERT_EQ(set.samples.size(), 3U);
  EXPECT_EQ(set.samples[0].identity.person, "alice");
  EXPECT_EQ(set.samples[1].file.filename(), "1.pgm");
  EXPECT_EQ(set.samples[2].identity.person, "bob");
  EXPECT_TRUE(set.samples[0].faces.empty());
}

TEST_F(Datasets, SomePicturesOfEachPerson) {
  for (const char* name : {"a/1.png", "a/2.png", "a/3.png", "b/1.png", "c/1.png", "c/2.png"})
    picture(name);
  auto set = load();
  keep_per_person(set, 2);
  ASSERT_EQ(set.samples.size(), 4U);
  EXPECT_EQ(set.samples[1].file.filename(), "2.png");
  EXPECT_EQ(set.samples[2].identity.person, "c");
}

TEST_F(Datasets, DlibTakesTheFileWithLandmarks) {
  picture("a.png");
  std::string parts;
  for (int i = 0; i < 68; ++i) parts += "<part name='0' x='" + std::to_string(i) + "' y='7'/>";
  const auto xml = [](const std::string& inner) {
    return "<dataset><images><image file='a.png'><box top='1' left='2' width='3' height='4'>" +
           inner + "</box></image><image file='gone.png'/></images></dataset>";
  };
  write("boxes.xml", xml(""));
  write("landmarks.xml", xml(parts));
  write("broken.xml", "<dataset>");
  const auto set = load();
  ASSERT_EQ(set.samples.size(), 1U);
  ASSERT_EQ(set.samples[0].faces.size(), 1U);
  const auto& face = set.samples[0].faces[0];
  EXPECT_EQ(face.box.x, 2);
  EXPECT_EQ(face.box.height, 4);
  ASSERT_TRUE(face.landmarks);
  EXPECT_EQ((*face.landmarks)[67].x, 67);
  ASSERT_EQ(set.faults.size(), 2U);
  EXPECT_NE(set.faults[0].find("broken.xml"), std::string::npos);
  EXPECT_NE(set.faults[1].find("gone.png"), std::string::npos);
}

TEST_F(Datasets, VocBoxesBecomeBrowsToChin) {
  picture("images/a.png");
  write("xml/a.xml",
        "<annotation><filename>a.png</filename><object><name>face</name><bndbox><xmin>11</xmin>"
        "<ymin>21</ymin><xmax>110</xmax><ymax>120</ymax></bndbox></object></annotation>");
  const auto set = load();
  ASSERT_EQ(set.samples.size(), 1U);
  const Rect box = set.samples[0].faces.at(0).box;  // of a head at 10,20 of 100 x 100
  EXPECT_FLOAT_EQ(box.width, 90);
  EXPECT_FLOAT_EQ(box.height, 90);
  EXPECT_FLOAT_EQ(box.x, 15);
  EXPECT_FLOAT_EQ(box.y, 32);
}

TEST_F(Datasets, CsvNamesPersonAndVideo) {
  picture("training/Ann_Lee_12.jpg");
  write("keypoints.csv", ",0,1\nAnn_Lee_12.jpg," + points(",", ",") + "\nshort.jpg,1,2\n");
  const auto set = load();
  ASSERT_EQ(set.samples.size(), 1U);
  EXPECT_EQ(set.samples[0].identity.person, "Ann_Lee");
  EXPECT_EQ(set.samples[0].identity.group, "Ann_Lee_1");
  ASSERT_EQ(set.faults.size(), 1U);
  EXPECT_NE(set.faults[0].find("short.jpg"), std::string::npos);
  const Rect box = set.samples[0].faces.at(0).box;  // 67 wide, 33.5 high
  EXPECT_FLOAT_EQ(box.width, 67);
  EXPECT_FLOAT_EQ(box.x, 0);
  EXPECT_NEAR(box.y, (100 + 66.5 - 67) / 2 - 0.06 * 67, 1e-4);
}

TEST_F(Datasets, PtsBeginsAtOne) {
  picture("a.png");
  write("a.pts", "version: 1\nn_points: 68\n{\n" + points(" ", "\n", 1) + "}\n");
  picture("b.png");
  write("b.pts", "version: 1\nn_points: 2\n{\n1 2\n3 4\n}\n");
  const auto set = load();
  ASSERT_EQ(set.samples.size(), 1U);
  EXPECT_NEAR((*set.samples[0].faces.at(0).landmarks)[5].x, 5, 1e-5);
  ASSERT_EQ(set.faults.size(), 1U);
  EXPECT_NE(set.faults[0].find("b.pts"), std::string::npos);
}

TEST_F(Datasets, TemNamesThePersonAndThePupils) {
  picture("neutral/007_03.png");
  write("neutral/007_03.tem", "3\n100 200\n200 200\n5 5\n");
  write("info.csv", "id,age\n007,30\n");
  const auto set = load();
  ASSERT_EQ(set.samples.size(), 1U);
  EXPECT_EQ(set.samples[0].identity.person, "007");
  const Rect box = set.samples[0].faces.at(0).box;
  EXPECT_NEAR(box.x + box.width / 2, 150, 1e-3);
  EXPECT_GT(box.y + box.height, 300);
}

TEST_F(Datasets, VideosHaveABoxAFrame) {
  write("clip.mpg", "x");
  write("gt.txt", "1,2,11,22\nNaN,NaN,NaN,NaN\n");
  const auto set = load();
  ASSERT_EQ(set.clips.size(), 1U);
  ASSERT_EQ(set.clips[0].boxes.size(), 2U);
  EXPECT_EQ(set.clips[0].boxes[0]->height, 20);
  EXPECT_FALSE(set.clips[0].boxes[1]);
  write("gt.txt", "1,2,3\n");
  const auto damaged = load();
  ASSERT_EQ(damaged.faults.size(), 1U);
  EXPECT_NE(damaged.faults[0].find("gt.txt"), std::string::npos);
}

TEST_F(Datasets, NothingToUseIsAnErrorThatNamesTheFolder) {
  fs::create_directories(folder);
  for (const fs::path& wrong : {folder, folder / "absent"}) {
    try {
      load_dataset(wrong);
      FAIL();
    } catch (const DatasetError& error) {
      EXPECT_NE(std::string(error.what()).find(folder.string()), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace faceperturb::eval
