// SPDX-License-Identifier: LGPL-2.1-or-later
#include "frame/halve.h"

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
Image halved(const Image& image) {
  Image result{image.width / 2, image.height / 2, {}};
  for (int y = 0; y < result.height; ++y)
    for (int x = 0; x < result.width; ++x)
      result.pixels.push_back(static_cast<std::uint8_t>(
          (image.at(2 * x, 2 * y) + image.at(2 * x + 1, 2 * y) + image.at(2 * x, 2 * y + 1) +
           image.at(2 * x + 1, 2 * y + 1) + 2) /
          4));
  return result;
}

TEST(Halve, IsTheRoundedMeanOfFourAndWritesNothingElse) {
  std::mt19937 random(1);
  for (const auto& [width, height] : {std::pair{16, 16}, {17, 33}, {161, 90}, {640, 47}}) {
    const int stride = width + 5;
    std::vector<std::uint8_t> memory(static_cast<std::size_t>(stride * height));
    for (auto& byte : memory) byte = static_cast<std::uint8_t>(random());
    Image expected{width, height, {}};
    for (int y = 0; y < height; ++y)
      expected.pixels.insert(expected.pixels.end(), memory.begin() + y * stride,
                             memory.begin() + y * stride + width);
    for (int times = 0; times <= most_halvings; ++times) {
      const int out_stride = expected.width + 3;
      std::vector<std::uint8_t> out(static_cast<std::size_t>(out_stride * expected.height), 99);
      halve({memory.data(), width, height, stride}, times, out.data(), out_stride);
      for (int y = 0; y < expected.height; ++y)
        for (int x = 0; x < out_stride; ++x)
          ASSERT_EQ(out[static_cast<std::size_t>(y * out_stride + x)],
                    x < expected.width ? expected.at(x, y) : 99)
              << width << "x" << height << " / " << (1 << times) << " at " << x << ", " << y;
      expected = halved(expected);
    }
  }
}

}  // namespace
}  // namespace faceperturb
