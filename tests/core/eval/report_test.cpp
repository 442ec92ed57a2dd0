// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/report.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "eval/plot.h"
#include "support/faces.h"

namespace faceperturb::eval {
namespace {

std::string read(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

Report sample() {
  const double unknown = std::nan(""), endless = std::numeric_limits<double>::infinity();
  Table table{"t", "A <title>", "A note & more", {"a", "b"}, {}};
  table.rows = {{"row \"1\"", {0.5, Rate{0.25, 0.125, 0.5}}},
                {"row 2", {unknown, std::string("x,y")}},
                {"row 3", {endless, Rate{0.5, unknown, unknown}}}};
  return {"Title", "command", {{"Section", {"1 < 2"}, {table}, {{"F", "", "image/png", "abc"}}}}};
}

TEST(Report, CsvHasALineAValue) {
  const test::TemporaryFolder folder;
  write(sample(), folder / "new/folder");
  EXPECT_EQ(read(folder / "new/folder/report.csv"),
            "table,row,column,value,low,high\n"
            "\"t\",\"row \"\"1\"\"\",\"a\",0.5,,\n"
            "\"t\",\"row \"\"1\"\"\",\"b\",0.25,0.125,0.5\n"
            "\"t\",\"row 2\",\"a\",,,\n"
            "\"t\",\"row 2\",\"b\",\"x,y\",,\n"
            "\"t\",\"row 3\",\"a\",inf,,\n"
            "\"t\",\"row 3\",\"b\",0.5,,\n");
}

TEST(Report, JsonHasTheSameNumbers) {
  const test::TemporaryFolder folder;
  write(sample(), folder / "out");
  const auto table = nlohmann::json::parse(read(folder / "out/report.json"))["tables"]["t"];
  EXPECT_EQ(table["row \"1\""]["a"], 0.5);
  EXPECT_EQ(table["row \"1\""]["b"]["high"], 0.5);
  EXPECT_TRUE(table["row 2"]["a"].is_null());
  EXPECT_EQ(table["row 2"]["b"], "x,y");
}

TEST(Report, HtmlEscapesAndHoldsItsPictures) {
  const test::TemporaryFolder folder;
  write(sample(), folder / "out");
  const std::string html = read(folder / "out/index.html");
  for (const char* part :
       {"A &lt;title&gt;", "A note &amp; more", "row &quot;1&quot;", "1 &lt; 2",
        "src=\"data:image/png;base64,YWJj\"", "0.250 <small>0.125–0.500</small>"})
    EXPECT_NE(html.find(part), std::string::npos) << part;
}

TEST(Report, SaysWhatCannotBeWritten) {
  const test::TemporaryFolder folder;
  std::filesystem::create_directories(folder / "out/report.csv");  // a folder in its place
  try {
    write(sample(), folder / "out");
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("report.csv"), std::string::npos);
  }
}

TEST(Plot, IsSvgWithItsNames) {
  need_gnuplot();
  const std::string drawn =
      svg({"it's x", "y axis", true, {{"first", {{1, 2}, {3, 4}}}, {"second", {{2, 2}}}}});
  for (const char* part : {"<svg", "it's x", "y axis", "first", "second"})
    EXPECT_NE(drawn.find(part), std::string::npos) << part;
}

}  // namespace
}  // namespace faceperturb::eval
