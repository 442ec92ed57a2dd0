// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record/key_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "record/error.h"
#include "support/faces.h"
#include "support/random.h"

namespace faceperturb::test {
namespace {

namespace fs = std::filesystem;

const std::string digits = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

class KeyFile : public ::testing::Test {
 protected:
  fs::path file(const std::string& content, fs::perms mode = fs::perms::owner_read) {
    const fs::path path = folder_ / ("key" + std::to_string(count_++));
    std::ofstream(path, std::ios::binary) << content;
    fs::permissions(path, mode);
    return path;
  }
  // Why a file is not taken.
  static std::string fault(const fs::path& path) {
    try {
      read_key_file(path);
    } catch (const RecordError& error) {
      EXPECT_NE(std::string(error.what()).find(path.string()), std::string::npos);
      return error.what();
    }
    return "none";
  }
  static bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  TemporaryFolder folder_;
  int count_ = 0;
};

TEST_F(KeyFile, TakesBytesAndDigits) {
  std::string bytes;
  const Secret secret = fixed_secret();
  for (const std::uint8_t byte : secret.bytes()) bytes.push_back(static_cast<char>(byte));
  std::string upper = digits;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  for (const auto& content : {bytes, digits, digits + "\n", " \t" + upper + "\r\n\n"})
    EXPECT_EQ(read_key_file(file(content)).bytes(), fixed_secret().bytes()) << content;
  EXPECT_EQ(read_key_file(file(digits, fs::perms::owner_all)).bytes(), fixed_secret().bytes());
}

TEST_F(KeyFile, SaysWhatIsWrong) {
  for (const auto& content :
       {std::string(), std::string(31, 'x'), std::string(33, 'x'), digits.substr(1), digits + "0",
        std::string(64, 'g'), digits.substr(0, 32) + "\n" + digits.substr(32)}) {
    EXPECT_TRUE(holds(fault(file(content)), "holds no key")) << content;
    EXPECT_TRUE(holds(fault(file(content)), "--new-key")) << content;
  }
  EXPECT_TRUE(holds(fault(file(std::string(5000, '0'))), "more than 256"));
  EXPECT_TRUE(holds(fault(folder_ / "none"), "No such file"));
  EXPECT_TRUE(holds(fault(folder_ / ""), "directory"));
  EXPECT_TRUE(holds(fault("/dev/zero"), "not a regular file"));
  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  EXPECT_TRUE(holds(fault(folder_ / "fifo"), "not a regular file"));  // and does not wait
}

TEST_F(KeyFile, OthersMustNotReadIt) {
  using enum fs::perms;
  for (const auto mode : {group_read, others_read, group_write, others_write}) {
    const auto path = file(digits, owner_read | mode);
    EXPECT_TRUE(holds(fault(path), "chmod 600"));
    fs::permissions(path, owner_read | owner_write);
    EXPECT_EQ(fault(path), "none");
  }
}

TEST_F(KeyFile, NewKeysAreReadAndDiffer) {
  write_key_file(folder_ / "a");
  write_key_file(folder_ / "b");
  EXPECT_NE(read_key_file(folder_ / "a").bytes(), read_key_file(folder_ / "b").bytes());
  EXPECT_EQ(fs::status(folder_ / "a").permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
  const auto before = read_file(folder_ / "a");
  EXPECT_THROW(write_key_file(folder_ / "a"), RecordError);
  EXPECT_EQ(read_file(folder_ / "a"), before);
  EXPECT_THROW(write_key_file(folder_ / "no" / "a"), RecordError);
}

}  // namespace
}  // namespace faceperturb::test
