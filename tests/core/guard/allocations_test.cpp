// SPDX-License-Identifier: LGPL-2.1-or-later
// What the streaming thread allocates for a frame when things have settled.
#include <gtest/gtest.h>

#include <vector>

#include "frame/cells.h"
#include "guard/lookahead.h"
#include "regions/regions.h"
#include "support/allocations.h"
#include "support/faces.h"

#ifdef COUNTS_ALLOCATIONS

namespace faceperturb::test {
namespace {

using namespace std::chrono_literals;

class Blind final : public Detector {
 public:
  std::vector<Detection> detect(const Picture&, int) override { return {}; }
};

TEST(Allocations, AreNoneForAFrameWithoutAFace) {
  for (const int height : {360, 540, 720, 2160}) {  // whole, and reduced in every way
    const int width = 2 * height;
    const std::vector<std::uint8_t> grey(static_cast<std::size_t>(width * height), 128);
    Lookahead lookahead(std::make_unique<Blind>(), LandmarkPredictor(small_model()),
                        {.lookahead = 10});
    std::size_t settled = 0;
    for (int i = 0; i < 60; ++i) {
      if (i == 40) settled = allocations_of_thread;
      lookahead.push({grey.data(), width, height, width}, i * 33ms, 40);
      if (lookahead.waiting() > 10) lookahead.pop();
    }
    EXPECT_EQ(allocations_of_thread - settled, 0U) << height;
  }
}

// Outlines that stay where they are are not drawn again. OpenCV, which draws them, copies the
// points of an outline to fill it and again to draw it.
TEST(Allocations, AreNoneForAFaceThatStaysAndOpenCVsAloneForOneThatMoves) {
  const Frame frame{find_format("I420"), 640, 480, {}};
  RegionMapper regions;
  Face face;
  face.id = 1;
  face.box = {100, 100, 200, 200};
  Landmarks& marks = face.landmarks.emplace();
  for (std::size_t i = 0; i < marks.size(); ++i)
    marks[i] = {110 + static_cast<float>(i * 37 % 180), 110 + static_cast<float>(i * 53 % 180)};
  constexpr int outlines = 4;  // two eyes, nose, mouth
  const auto allocations = [&](float step) {
    std::size_t settled = 0;
    for (int i = 0; i < 20; ++i) {
      if (i == 10) settled = allocations_of_thread;
      for (Point& mark : marks) mark.x += step;
      regions.start_frame(CellGrid(frame, 1));
      EXPECT_FALSE(regions.add(face, Regions::eyes | Regions::nose | Regions::mouth, 0).empty());
    }
    return allocations_of_thread - settled;
  };
  EXPECT_LE(allocations(10), 10U * 2 * outlines);
  EXPECT_EQ(allocations(0), 0U);
}

}  // namespace
}  // namespace faceperturb::test

#endif
