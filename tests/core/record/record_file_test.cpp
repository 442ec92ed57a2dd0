// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record/record_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "support/faces.h"
#include "support/random.h"

namespace faceperturb::test {
namespace {

namespace fs = std::filesystem;

class RecordFile : public ::testing::Test {
 protected:
  static Bytes frame(std::uint64_t counter) {
    Bytes bytes;
    write(FrameRecord{.counter = counter,
                      .time = static_cast<std::int64_t>(counter) * 40000000,
                      .width = 64,
                      .height = 64},
          bytes);
    return bytes;
  }
  static void append(RecordWriter& writer, std::uint64_t first, std::uint64_t count) {
    for (std::uint64_t i = first; i < first + count; ++i) writer.append(frame(i));
  }
  KeySchedule keys() { return {fixed_secret(), random_stream_id()}; }
  std::string path(const char* name = "record") { return (folder_ / name).string(); }
  static std::string fault(const std::string& location, const Secret& key = fixed_secret()) {
    try {
      RecordReader reader(location, key);
      return "none";
    } catch (const RecordError& error) {
      return error.what();
    }
  }
  static void put(const std::string& file, const std::string& content) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << content;
  }
  static bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  TemporaryFolder folder_;
};

TEST_F(RecordFile, EveryFrameIsReadInAnyOrder) {
  {
    RecordWriter writer(path(), 0);
    const auto one = keys(), two = keys();
    writer.begin(one);
    append(writer, 0, 100);
    writer.begin(two);
    append(writer, 0, 33);
    writer.end();
    writer.begin(keys());  // a stream without a frame
    EXPECT_EQ(writer.bytes(), fs::file_size(path()));
  }
  RecordReader reader(path(), fixed_secret());
  EXPECT_TRUE(reader.gaps().empty());
  ASSERT_EQ(reader.entries().size(), 133U);
  std::mt19937 random(1);
  for (int i = 0; i < 500; ++i) {
    const std::size_t entry = i < 133 ? static_cast<std::size_t>(i) : random() % 133;
    EXPECT_EQ(reader.read(entry).counter, entry < 100 ? entry : entry - 100);
    EXPECT_EQ(reader.entries()[entry].counter, entry < 100 ? entry : entry - 100);
  }
  EXPECT_NE(reader.keys(0).id(), reader.keys(100).id());
}

TEST_F(RecordFile, NothingOfItCanBeReadWithoutTheKey) {
  {
    RecordWriter writer(path(), 0);
    writer.begin(keys());
    FrameRecord record{.counter = 1,
                       .format = "I420",
                       .width = 64,
                       .height = 64,
                       .cell_width = 2,
                       .cell_height = 2,
                       .method = "shuffle"};
    record.faces.push_back({{{3, 3}, {4, 3}}, 2, {}, {}});
    Bytes bytes;
    write(record, bytes);
    writer.append(bytes);
  }
  const std::string content = read_file(path());
  EXPECT_FALSE(holds(content, "shuffle"));
  EXPECT_FALSE(holds(content, "I420"));
  EXPECT_TRUE(holds(fault(path(), Secret::random()), "another key"));
}

// A process that died: what was appended is there, whole, and half a message is known for what it
// is.
TEST_F(RecordFile, IsReadUpToTheLastWholeFrame) {
  {
    RecordWriter writer(path(), 0);
    writer.begin(keys());
    append(writer, 0, 5);
  }
  const std::string whole = read_file(path());
  const std::size_t message = (whole.size() - 70 - (4 + 17 + 1)) / 5;  // its length is the same
  for (std::size_t length = 70; length < whole.size(); length += 3) {
    put(path("cut"), whole.substr(0, length));
    RecordReader reader(path("cut"), fixed_secret());
    EXPECT_EQ(reader.entries().size(), std::min<std::size_t>(5, (length - 70) / message));
    ASSERT_EQ(reader.gaps().size(), 1U);
    EXPECT_TRUE(holds(reader.gaps()[0], "no end"));
    put(path("cut"), whole.substr(0, length) + std::string(10000, '\0'));  // power failed
    EXPECT_LE(RecordReader(path("cut"), fixed_secret()).entries().size(), 5U);
  }
  EXPECT_TRUE(RecordReader(path(), fixed_secret()).gaps().empty());
}

TEST_F(RecordFile, WhatWasChangedIsNoticed) {
  {
    RecordWriter writer(path(), 0);
    writer.begin(keys());
    append(writer, 0, 3);
  }
  const std::string whole = read_file(path());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 4);
    put(path("changed"), changed);
    // A length that reaches beyond the file looks like a file that ends early; all else is an
    // error.
    const std::string text = fault(path("changed"));
    if (text == "none") {
      RecordReader reader(path("changed"), fixed_secret());
      EXPECT_FALSE(reader.gaps().empty()) << "byte " << i;
      EXPECT_LT(reader.entries().size(), 4U);
    }
  }
  // A message left out, and two that changed places.
  const std::size_t message = (whole.size() - 70 - (4 + 17 + 1)) / 3;
  put(path("changed"), whole.substr(0, 70) + whole.substr(70 + message));
  EXPECT_TRUE(holds(fault(path("changed")), "changed or damaged"));
  put(path("changed"), whole.substr(0, 70) + whole.substr(70 + message, message) +
                           whole.substr(70, message) + whole.substr(70 + 2 * message));
  EXPECT_TRUE(holds(fault(path("changed")), "changed or damaged"));
}

TEST_F(RecordFile, IsGoneOnWithAfterACrash) {
  {
    RecordWriter writer(path(), 0);
    writer.begin(keys());
    append(writer, 0, 5);
  }
  std::string content = read_file(path());
  put(path(), content.substr(0, content.size() - 30));
  {
    RecordWriter writer(path(), 0);
    writer.begin(keys());
    append(writer, 0, 7);
  }
  RecordReader reader(path(), fixed_secret());
  EXPECT_EQ(reader.entries().size(), 4U + 7U);
  ASSERT_EQ(reader.gaps().size(), 1U);
  EXPECT_TRUE(holds(reader.gaps()[0], "no end"));
  for (std::size_t i = 0; i < 11; ++i) EXPECT_EQ(reader.read(i).counter, i < 4 ? i : i - 4);
}

TEST_F(RecordFile, HasPartsOfALargestSize) {
  const std::string location = path("part-%03d");
  for (int round = 0; round < 2; ++round) {
    RecordWriter writer(location, 2000);
    writer.begin(keys());
    append(writer, 0, 50);
  }
  EXPECT_TRUE(fs::exists(path("part-000")) && fs::exists(path("part-003")));
  for (unsigned n = 0; fs::exists(RecordLocation(location).part(n)); ++n)
    EXPECT_LE(fs::file_size(RecordLocation(location).part(n)), 2100U);
  RecordReader reader(location, fixed_secret());
  EXPECT_EQ(reader.entries().size(), 100U);
  EXPECT_TRUE(reader.gaps().empty());
  EXPECT_EQ(reader.read(77).counter, 27U);
  RecordReader one(path("part-001"), fixed_secret());
  ASSERT_EQ(one.gaps().size(), 2U);
  EXPECT_TRUE(holds(one.gaps()[0], "before"));
  EXPECT_TRUE(holds(one.gaps()[1], "after"));

  EXPECT_THROW(RecordWriter(path("no-number"), 2000), RecordError);
  EXPECT_THROW(RecordLocation("%s"), RecordError);
  EXPECT_THROW(RecordLocation("%d-%d"), RecordError);
  EXPECT_THROW(RecordLocation("100%"), RecordError);
  EXPECT_THROW(RecordLocation("%n"), RecordError);
}

TEST_F(RecordFile, SaysWhyItCannotBeUsed) {
  EXPECT_TRUE(holds(fault(path("none")), "No such file"));
  EXPECT_TRUE(holds(fault(folder_ / ""), "not a regular file"));
  put(path("empty"), "");
  EXPECT_TRUE(holds(fault(path("empty")), "empty"));
  put(path("other"),
      "This is a letter, and no record at all; it is long enough to be one, though.");
  EXPECT_TRUE(holds(fault(path("other")), "no record"));
  const auto refused = [&](const std::string& location) -> std::string {
    try {
      RecordWriter writer(location, 0);
      writer.begin(keys());
      return "none";
    } catch (const RecordError& error) {
      return error.what();
    }
  };
  const auto before = read_file(path("other"));
  EXPECT_TRUE(holds(refused(path("other")), "is no record"));
  EXPECT_EQ(read_file(path("other")), before);
  EXPECT_TRUE(holds(refused(path("no/folder")), "No such file"));
  EXPECT_TRUE(holds(refused(folder_ / ""), "directory"));
  EXPECT_TRUE(holds(refused("/dev/full"), "No space left"));
  const RecordWriter first(path("busy"), 0);
  EXPECT_TRUE(holds(refused(path("busy")), "already"));
}

}  // namespace
}  // namespace faceperturb::test
