// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perturb/average.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <opencv2/imgproc.hpp>
#include <random>

#include "eval/scene.h"
#include "regions/regions.h"
#include "support/allocations.h"
#include "support/random.h"

namespace faceperturb::test {
namespace {

// A person of the cast in grey or in BGR, and a view of that picture.
struct Portrait {
  explicit Portrait(int person, PixelFormat format = PixelFormat::gray8) {
    const auto scene = eval::render_portrait({320, 320}, person);
    if (format == PixelFormat::gray8)
      cv::cvtColor(scene.bgr, picture, cv::COLOR_BGR2GRAY);
    else
      picture = scene.bgr.clone();
    face.id = 1;
    face.box = scene.faces.at(0).box;
    std::ranges::copy(scene.faces.at(0).landmarks, face.landmarks.emplace().begin());
    frame = {&format_info(format),
             picture.cols,
             picture.rows,
             {Plane{picture.data, static_cast<std::ptrdiff_t>(picture.step)}}};
    grid = CellGrid(frame, 1);
  }

  void choose(Regions regions) {
    RegionMapper mapper;
    mapper.start_frame(grid);
    const auto chosen = mapper.add(face, regions, 0);
    cells.assign(chosen.begin(), chosen.end());
  }

  cv::Mat mask() const {
    cv::Mat result(picture.size(), CV_8UC1, cv::Scalar(0));
    for (const Cell cell : cells) result.at<std::uint8_t>(cell.row, cell.column) = 255;
    return result;
  }

  FaceCells target() { return {frame, grid, face, cells, 1}; }

  cv::Mat picture;
  Frame frame;
  CellGrid grid;
  Face face;
  std::vector<Cell> cells;
};

// The face upright and of one size, so that faces can be compared.
cv::Mat aligned(const Portrait& portrait) {
  const Similarity s = inverse(align(FaceTemplate::shared().landmarks(), portrait.face));
  cv::Mat result;
  cv::warpAffine(portrait.picture, result, cv::Matx23f(s.a, -s.b, s.x0, s.b, s.a, s.y0),
                 FaceTemplate::shared().size());
  return result;
}

double correlation(const cv::Mat& a, const cv::Mat& b) {
  const cv::Rect inner(260, 400, 200, 220);  // of the template: brows to mouth
  cv::Mat result;
  cv::matchTemplate(a(inner), b(inner), result, cv::TM_CCOEFF_NORMED);
  return result.at<float>(0, 0);
}

TEST(Average, EveryFaceComesOutAsTheSame) {
  std::vector<cv::Mat> before, after;
  for (int person = 0; person < 4; ++person) {
    Portrait portrait(person);
    portrait.choose(Regions::face);
    before.push_back(aligned(portrait));
    AverageArranger().arrange(portrait.target());
    after.push_back(aligned(portrait));
  }
  for (std::size_t i = 0; i < after.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      EXPECT_GT(correlation(after[i], after[j]), correlation(before[i], before[j]));
      EXPECT_GT(correlation(after[i], after[j]), 0.85) << i << " " << j;
    }
  }
}

// What is sorted has no place any more: only along the edge do places count.
TEST(Average, WhereACellWasInsideTheFaceMakesNoDifference) {
  Portrait one(0), other(0);
  one.choose(Regions::face);
  other.choose(Regions::face);
  cv::Mat inside;
  cv::erode(one.mask(), inside, cv::getStructuringElement(cv::MORPH_RECT, cv::Size(1, 1) * 51));
  std::vector<std::uint8_t*> places;
  std::vector<std::uint8_t> values;
  for (int y = 0; y < inside.rows; ++y) {
    for (int x = 0; x < inside.cols; ++x) {
      if (!inside.at<std::uint8_t>(y, x)) continue;
      places.push_back(&other.picture.at<std::uint8_t>(y, x));
      values.push_back(*places.back());
    }
  }
  ASSERT_GT(places.size(), 2000U);
  std::ranges::shuffle(values, std::minstd_rand(1));
  for (std::size_t i = 0; i < places.size(); ++i) *places[i] = values[i];
  ASSERT_GT(cv::norm(one.picture, other.picture, cv::NORM_INF), 50);

  AverageArranger().arrange(one.target());
  AverageArranger().arrange(other.target());
  EXPECT_EQ(cv::norm(one.picture, other.picture, cv::NORM_INF), 0);
}

// Mean step between the region and what surrounds it, in grey levels.
double seam(const Portrait& portrait) {
  const cv::Mat mask = portrait.mask();
  double sum = 0;
  int count = 0;
  for (int y = 0; y < mask.rows; ++y) {
    for (int x = 1; x < mask.cols; ++x) {
      if (mask.at<std::uint8_t>(y, x) == mask.at<std::uint8_t>(y, x - 1)) continue;
      sum += std::abs(portrait.picture.at<std::uint8_t>(y, x) -
                      portrait.picture.at<std::uint8_t>(y, x - 1));
      ++count;
    }
  }
  return sum / count;
}

TEST(Average, MeetsItsSurroundingsWithoutASeam) {
  Portrait portrait(0);
  cv::Mat slope(portrait.picture.size(), CV_8UC1);  // light from the side
  for (int x = 0; x < slope.cols; ++x) slope.col(x).setTo(x / 3);
  portrait.picture = portrait.picture / 2 + slope;
  portrait.frame.planes[0].data = portrait.picture.data;
  portrait.choose(Regions::nose | Regions::mouth);
  const double before = seam(portrait);
  AverageArranger().arrange(portrait.target());
  EXPECT_LT(seam(portrait), before + 4);
}

TEST(Average, NoiseDoesNotFlicker) {
  AverageArranger arranger;
  cv::Mat last;
  double flicker = 0, noise = 0;
  cv::RNG random(1);
  cv::Mat last_in;
  for (int i = 0; i < 6; ++i) {
    Portrait portrait(0);
    portrait.choose(Regions::face);
    cv::Mat added(portrait.picture.size(), CV_16SC1);
    random.fill(added, cv::RNG::NORMAL, 0, 4);
    cv::add(portrait.picture, added, portrait.picture, {}, CV_8UC1);
    const cv::Mat in = portrait.picture.clone(), mask = portrait.mask();
    arranger.arrange(portrait.target());
    if (i > 1) {
      flicker += cv::norm(portrait.picture, last, cv::NORM_L1, mask);
      noise += cv::norm(in, last_in, cv::NORM_L1, mask);
    }
    last = portrait.picture.clone();
    last_in = in;
  }
  EXPECT_GT(noise, 0);
  EXPECT_LT(flicker, noise / 4);
}

// The portrait as `arranger` leaves it when landmarks are `shift` pixels off.
cv::Mat arranged(AverageArranger& arranger, float shift) {
  Portrait portrait(0);
  portrait.choose(Regions::face);
  for (Point& point : *portrait.face.landmarks) point.x += shift;
  portrait.face.box.x += shift;
  arranger.arrange(portrait.target());
  return portrait.picture;
}

TEST(Average, FollowsATrackSmoothlyAndAJumpAtOnce) {
  AverageArranger arranger, unaware;
  const cv::Mat still = arranged(arranger, 0);
  EXPECT_LT(cv::norm(arranged(arranger, 0.5F), still, cv::NORM_L1),
            cv::norm(arranged(unaware, 0.5F), still, cv::NORM_L1) / 4);
  // It does not stay behind for good.
  for (float shift = 1; shift <= 20; ++shift) arranged(arranger, shift);
  EXPECT_LT(cv::norm(arranged(arranger, 20), arranged(unaware, 20), cv::NORM_L1),
            cv::norm(arranged(arranger, 20), still, cv::NORM_L1) / 2);
  AverageArranger fresh;
  EXPECT_EQ(cv::norm(arranged(arranger, -60), arranged(fresh, -60), cv::NORM_INF), 0);
}

cv::Mat histogram(const Portrait& portrait) {
  const int channel = 0, size = 32;
  const float range[] = {0, 256}, *ranges = range;
  cv::Mat result;
  cv::calcHist(&portrait.picture, 1, &channel, portrait.mask(), result, 1, &size, &ranges);
  return result / static_cast<double>(portrait.cells.size());
}

// A permutation keeps the histogram; levelled, two people in one light share it.
TEST(Average, LevellingTakesTheHistogramAway) {
  const auto difference = [](float levelling) {
    std::vector<cv::Mat> histograms;
    for (const int person : {0, 3}) {
      Portrait portrait(person);
      portrait.choose(Regions::face);
      cv::Scalar mean, spread;
      cv::meanStdDev(portrait.picture, mean, spread, portrait.mask());
      portrait.picture.convertTo(portrait.picture, CV_8UC1, 25 / spread[0],
                                 128 - 25 * mean[0] / spread[0]);
      AverageArranger().arrange(portrait.target(), levelling);
      histograms.push_back(histogram(portrait));
    }
    return cv::norm(histograms[0], histograms[1], cv::NORM_L1);
  };
  EXPECT_GT(difference(0), 0.3);
  EXPECT_LT(difference(0.5F), difference(0));
  EXPECT_LT(difference(1), 0.7 * difference(0));
}

TEST(Average, TakesFacesWithoutLandmarksAndBesideTheFrame) {
  for (const PixelFormat format : {PixelFormat::gray8, PixelFormat::bgr}) {
    for (const Rect box : {Rect{100, 100, 120, 120}, Rect{-200, 0, 100, 100},
                           Rect{0, 0, 1e6F, 1e6F}, Rect{10, 10, 0, 0}}) {
      Portrait portrait(0, format);
      portrait.choose(Regions::face);
      portrait.face.landmarks.reset();
      portrait.face.box = box;
      const cv::Mat before = portrait.picture.clone();
      AverageArranger().arrange(portrait.target());
      std::vector<std::uint8_t> was(before.datastart, before.dataend);
      std::vector<std::uint8_t> is(portrait.picture.datastart, portrait.picture.dataend);
      std::ranges::sort(was);
      std::ranges::sort(is);
      EXPECT_TRUE(was == is) << box.x << " " << box.width;
    }
  }
}

// Mean of the template's luma around a landmark.
double luma_at(const cv::Mat& map, const Point& place) {
  return cv::mean(map(cv::Rect(cvRound(place.x) - 4, cvRound(place.y) - 4, 9, 9)))[0];
}

TEST(FaceTemplate, EyesAndMouthStandOutBesideSkinThatIsFlatter) {
  const FaceTemplate& face = FaceTemplate::shared();
  const FaceTemplate::Level& level = face.level(0);
  const cv::Mat& skin = level.skin[FaceTemplate::luma];
  const cv::Mat& head = level.head[FaceTemplate::luma];
  ASSERT_EQ(skin.type(), CV_16UC1);
  const Landmarks& marks = face.landmarks();
  const auto between = [&](std::size_t i, std::size_t j) {
    return Point{(marks[i].x + marks[j].x) / 2, (marks[i].y + marks[j].y) / 2};
  };
  for (const Point& dark : {between(37, 40), between(43, 46), between(62, 66)})
    EXPECT_LT(luma_at(skin, dark), luma_at(head, dark) - 0.1 * FaceTemplate::one);
  const Point tip = marks[30], cheek = between(2, 31);
  EXPECT_LT(std::abs(luma_at(skin, tip) - luma_at(skin, cheek)),
            0.8 * std::abs(luma_at(head, tip) - luma_at(head, cheek)));
}

#ifdef COUNTS_ALLOCATIONS
TEST(Average, TakesNothingFromTheHeapOnceItKnowsAFace) {
  AverageArranger arranger;
  std::uint32_t id = 0;
  for (const PixelFormat format : {PixelFormat::gray8, PixelFormat::bgr}) {
    for (const Regions regions : {Regions::eyes | Regions::mouth, Regions::face, Regions::head}) {
      ++id;
      for (int i = 0; i < 4; ++i) {
        Portrait portrait(0, format);
        portrait.face.id = id;
        for (Point& point : *portrait.face.landmarks) point.x += 0.3F * static_cast<float>(i % 2);
        portrait.choose(regions);
        const FaceCells target = portrait.target();
        const std::size_t before = allocations;
        arranger.arrange(target);
        if (i > 1) {
          EXPECT_EQ(allocations - before, 0U) << id;
        }
      }
    }
  }
}
#endif

}  // namespace
}  // namespace faceperturb::test
