// SPDX-License-Identifier: LGPL-2.1-or-later
#include "frame/reduce.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace faceperturb {
namespace {

struct Image {
  int width, height;
  std::vector<std::uint8_t> pixels;
  int at(int x, int y) const { return pixels[static_cast<std::size_t>(y * width + x)]; }
};

// As its description has it.
Image reduced(const Image& image, int by) {
  if (by == 4) return reduced(reduced(image, 2), 2);
  Image result{image.width / by, image.height / by, {}};
  for (int y = 0; y < result.height; ++y) {
    for (int x = 0; x < result.width; ++x) {
      int sum = 0, count = 0;
      for (int v = 0; v < by; v += by < 8 ? 1 : 4)
        for (int u = 0; u < by; ++u, ++count) sum += image.at(x * by + u, y * by + v);
      result.pixels.push_back(static_cast<std::uint8_t>((sum + count / 2) / count));
    }
  }
  return result;
}

TEST(Reduce, IsTheRoundedMeanOfBlocksAndWritesNothingElse) {
  std::mt19937 random(1);
  for (const auto& [width, height] :
       {std::pair{16, 16}, {17, 33}, {25, 40}, {161, 90}, {640, 47}}) {
    const int stride = width + 5;
    std::vector<std::uint8_t> memory(static_cast<std::size_t>(stride * height));
    for (auto& byte : memory) byte = static_cast<std::uint8_t>(random());
    Image image{width, height, {}};
    for (int y = 0; y < height; ++y)
      image.pixels.insert(image.pixels.end(), memory.begin() + y * stride,
                          memory.begin() + y * stride + width);
    for (int by = 1; by <= 18; ++by) {
      const Image expected = reduced(image, by);
      const int out_stride = expected.width + 3;
      std::vector<std::uint8_t> out(static_cast<std::size_t>(out_stride * (expected.height + 1)),
                                    99);
      reduce({memory.data(), width, height, stride}, by, out.data(), out_stride);
      for (int y = 0; y <= expected.height; ++y)
        for (int x = 0; x < out_stride; ++x)
          ASSERT_EQ(out[static_cast<std::size_t>(y * out_stride + x)],
                    x < expected.width && y < expected.height ? expected.at(x, y) : 99)
              << width << "x" << height << " / " << by << " at " << x << ", " << y;
    }
  }
}

TEST(Reduce, TheLargestBlockOfWhiteIsWhite) {
  constexpr int side = 256;
  const std::vector<std::uint8_t> white(side * side, 255);
  std::uint8_t out = 0;
  reduce({white.data(), side, side, side}, side, &out, 1);
  EXPECT_EQ(out, 255);
}

}  // namespace
}  // namespace faceperturb
