// SPDX-License-Identifier: LGPL-2.1-or-later
#include "frame/frame.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "support/frames.h"

namespace faceperturb::test {
namespace {

using Bytes = std::vector<std::uint8_t>;

TEST(Formats, AreThoseOfTheDesign) {
  const std::set<std::string_view> wanted{"I420", "YV12", "NV12",  "NV21",      "Y42B",     "NV16",
                                          "Y444", "YUY2", "UYVY",  "AYUV",      "RGB",      "BGR",
                                          "RGBx", "xRGB", "BGRx",  "xBGR",      "RGBA",     "ARGB",
                                          "BGRA", "ABGR", "GRAY8", "I420_10LE", "P010_10LE"};
  std::set<std::string_view> names;
  for (const auto& format : formats()) EXPECT_TRUE(names.insert(format.name).second);
  EXPECT_EQ(names, wanted);
}

TEST(Formats, AreFoundByNameAndByEnumeration) {
  for (const auto& format : formats()) {
    EXPECT_EQ(find_format(format.name), &format);
    EXPECT_EQ(&format_info(format.format), &format);
  }
  for (const auto* name : {"", "i420", "I420 ", "I420_10BE", "ENCODED"})
    EXPECT_EQ(find_format(name), nullptr) << name;
}

TEST(Formats, ChromaSizeIsTheLargestUnit) {
  const std::map<std::string_view, std::pair<int, int>> sub_sampled{
      {"I420", {2, 2}},      {"YV12", {2, 2}},     {"NV12", {2, 2}}, {"NV21", {2, 2}},
      {"Y42B", {2, 1}},      {"NV16", {2, 1}},     {"YUY2", {2, 1}}, {"UYVY", {2, 1}},
      {"I420_10LE", {2, 2}}, {"P010_10LE", {2, 2}}};
  for (const auto& format : formats()) {
    const auto found = sub_sampled.find(format.name);
    const auto wanted = found == sub_sampled.end() ? std::pair{1, 1} : found->second;
    EXPECT_EQ(std::pair(format.chroma_width(), format.chroma_height()), wanted) << format.name;
  }
}

// Two neighbouring pixels in plane 0 of each format, and how bright they are.
struct KnownLuma {
  const char* format;
  Bytes pixels;
  std::array<int, 2> luma;
};

const KnownLuma known_luma[] = {
    {"I420", {10, 20}, {10, 20}},
    {"YV12", {10, 20}, {10, 20}},
    {"NV12", {10, 20}, {10, 20}},
    {"NV21", {10, 20}, {10, 20}},
    {"Y42B", {10, 20}, {10, 20}},
    {"NV16", {10, 20}, {10, 20}},
    {"Y444", {10, 20}, {10, 20}},
    {"GRAY8", {0, 255}, {0, 255}},
    {"YUY2", {10, 101, 20, 102}, {10, 20}},
    {"UYVY", {101, 10, 102, 20}, {10, 20}},
    {"AYUV", {255, 10, 101, 102, 255, 20, 103, 104}, {10, 20}},
    // BT.601: red .299, green .587, blue .114.
    {"RGB", {255, 0, 0, 0, 255, 0}, {76, 149}},
    {"BGR", {255, 0, 0, 0, 0, 255}, {28, 76}},
    {"RGBx", {255, 0, 0, 9, 0, 0, 255, 9}, {76, 28}},
    {"xRGB", {9, 255, 0, 0, 9, 0, 0, 255}, {76, 28}},
    {"BGRx", {255, 0, 0, 9, 0, 0, 255, 9}, {28, 76}},
    {"xBGR", {9, 255, 0, 0, 9, 0, 0, 255}, {28, 76}},
    {"RGBA", {255, 255, 255, 0, 0, 255, 0, 0}, {255, 149}},
    {"ARGB", {0, 255, 255, 255, 255, 255, 0, 0}, {255, 76}},
    {"BGRA", {100, 100, 100, 0, 0, 0, 255, 255}, {100, 76}},
    {"ABGR", {0, 100, 100, 100, 255, 0, 0, 255}, {100, 76}},
    {"I420_10LE", {0xff, 0x03, 0x40, 0x00}, {255, 16}},
    {"P010_10LE", {0xc0, 0xff, 0x00, 0x10}, {255, 16}},
};

TEST(LumaReader, GivesTheKnownBrightnessInEveryFormat) {
  ASSERT_EQ(std::size(known_luma), formats().size());
  LumaReader reader;  // one for all: what it keeps of one frame must not show in the next
  for (const auto& known : known_luma) {
    for (const Size size : sizes) {
      const auto* format = find_format(known.format);
      ASSERT_NE(format, nullptr) << known.format;
      SCOPED_TRACE(describe(*format, size));
      TestFrame frame(*format, size, 5);
      // The row above the pattern stays random: a wrong stride would show.
      const auto unit = static_cast<int>(known.pixels.size() / 2);
      const auto row_bytes = frame.view().units_across(0) * format->planes[0].unit_bytes;
      for (int y = 0; y < size.height; y += 2) {
        auto* row = frame.view().planes[0].data + y * frame.view().planes[0].stride;
        for (int i = 0; i < row_bytes; ++i)
          row[i] = known.pixels[static_cast<std::size_t>(i % (2 * unit))];
      }
      const LumaView luma = reader.read(frame.view());
      ASSERT_EQ(std::pair(luma.width, luma.height), std::pair(size.width, size.height));
      for (int y = 0; y < size.height; y += 2)
        for (int x = 0; x < size.width; ++x)
          ASSERT_NEAR(luma.data[y * luma.stride + x], known.luma[static_cast<std::size_t>(x % 2)],
                      1)
              << "at " << x << "," << y;
    }
  }
}

TEST(LumaReader, CopiesNothingWhereThePlaneIsAlready8BitLuma) {
  LumaReader reader;
  for (const auto* name : {"I420", "NV12", "Y444", "GRAY8"}) {
    const TestFrame frame(*find_format(name), {17, 19}, 5);
    const LumaView luma = reader.read(frame.view());
    EXPECT_EQ(luma.data, frame.view().planes[0].data) << name;
    EXPECT_EQ(luma.stride, frame.view().planes[0].stride) << name;
  }
}

// Each plane in memory of exactly its size fits; a byte less on either side does not.
TEST(Fits, HoldsToTheByte) {
  for (const auto& format : formats()) {
    for (const Size size : sizes) {
      for (const std::size_t padding : {0, 7}) {
        SCOPED_TRACE(describe(format, size) + " padded by " + std::to_string(padding));
        const TestFrame frame(format, size, padding);
        const auto used = picture_bytes(frame.view(), frame.bytes);
        std::array<std::span<const std::uint8_t>, 3> memory;
        for (std::size_t p = 0; p < static_cast<std::size_t>(format.plane_count); ++p) {
          const auto& plane = frame.view().planes[p];
          const auto rows = static_cast<std::size_t>(frame.view().units_down(static_cast<int>(p)));
          // All rows with their padding but the last.
          memory[p] = {plane.data, static_cast<std::size_t>(plane.stride) * rows - padding};
          EXPECT_TRUE(used[static_cast<std::size_t>(&memory[p].back() - frame.bytes.data())]);
        }
        EXPECT_TRUE(fits(frame.view(), memory));
        for (std::size_t p = 0; p < static_cast<std::size_t>(format.plane_count); ++p) {
          auto shorter = memory;
          shorter[p] = memory[p].first(memory[p].size() - 1);
          EXPECT_FALSE(fits(frame.view(), shorter)) << "plane " << p << ", a byte less at its end";
          shorter[p] = memory[p].subspan(1);
          EXPECT_FALSE(fits(frame.view(), shorter)) << "plane " << p << ", a byte less before it";
          shorter[p] = {};
          EXPECT_FALSE(fits(frame.view(), shorter)) << "plane " << p << " without memory";
          for (const std::ptrdiff_t stride :
               {std::ptrdiff_t{0}, frame.view().planes[p].stride - std::ptrdiff_t(padding) - 1,
                -frame.view().planes[p].stride}) {
            Frame overlapping = frame.view();
            overlapping.planes[p].stride = stride;
            EXPECT_FALSE(fits(overlapping, memory)) << "plane " << p << ", stride " << stride;
          }
        }
      }
    }
  }
}

TEST(Cover, LeavesNothingOfThePictureAndNoPaddingTouched) {
  for (const auto& format : formats()) {
    for (const Size size : sizes) {
      SCOPED_TRACE(describe(format, size));
      TestFrame frame(format, size, 7);
      const Bytes before = frame.bytes;
      cover(frame.view());
      EXPECT_EQ(compare(before, frame.bytes, picture_bytes(frame.view(), frame.bytes)).outside, 0U);
      // Random bytes went in; a picture where every unit of a plane is the same came out.
      for_each_unit(frame.view(), [&](int p, int x, int y, const std::uint8_t* unit) {
        const auto i = static_cast<std::size_t>(p);
        const auto length = static_cast<std::size_t>(format.planes[i].unit_bytes);
        ASSERT_EQ(Bytes(unit, unit + length),
                  Bytes(frame.view().planes[i].data, frame.view().planes[i].data + length))
            << "plane " << p << " at " << x << "," << y;
      });
    }
  }
}

}  // namespace
}  // namespace faceperturb::test
