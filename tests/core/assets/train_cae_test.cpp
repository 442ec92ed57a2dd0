// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "support/faces.h"

// The program that trains the face autoencoder still does.
namespace faceperturb::test {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

int train(const fs::path& london, const fs::path& out, const fs::path& log) {
  return std::system((std::string(TRAIN_CAE) + " '" + london.string() + "' '" + out.string() +
                      "' " LANDMARK_MODEL " 2 2>'" + log.string() + "'")
                         .c_str());
}

TEST(TrainCae, NamesWhatIsMissing) {
  TemporaryFolder folder;
  EXPECT_NE(train(folder / "nothing", folder / "out", folder / "log"), 0);
  EXPECT_NE(contents(folder / "log").find((folder / "nothing").string()), std::string::npos);
  EXPECT_FALSE(fs::exists(folder / "out"));
}

TEST(TrainCae, WritesWeightsOfTheFormThatIsShipped) {
  const fs::path london = test_data("identity/london");
  FACEPERTURB_NEEDS(london);
  FACEPERTURB_NEEDS(LANDMARK_MODEL);
  TemporaryFolder folder;
  ASSERT_EQ(train(london, folder / "out", folder / "log"), 0) << contents(folder / "log");
  const std::string made = contents(folder / "out");
  const std::string shipped = contents(SOURCE_ROOT "/core/assets/cae.weights");
  EXPECT_EQ(made.size(), shipped.size());
  const std::size_t text = shipped.find("\n\n");
  ASSERT_NE(text, std::string::npos);
  EXPECT_EQ(made.substr(0, text), shipped.substr(0, text));
  EXPECT_NE(shipped.find("CC BY 4.0"), std::string::npos);
}

}  // namespace
}  // namespace faceperturb::test
