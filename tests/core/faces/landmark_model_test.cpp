// SPDX-License-Identifier: LGPL-2.1-or-later
// dlib reads a model without a look at its numbers, and follows them wherever they point.
#include <dlib/image_processing/shape_predictor.h>
#include <dlib/opencv/cv_image.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <opencv2/imgproc.hpp>

#include "eval/scene.h"
#include "faces/landmarks.h"
#include "support/faces.h"

namespace faceperturb::test {
namespace {

// A predictor's parts, as its file has them: one cascade of one tree, two leaves.
struct Parts {
  int version = 1;
  dlib::matrix<float, 0, 1> shape = dlib::zeros_matrix<float>(136, 1);
  std::vector<std::vector<dlib::impl::regression_tree>> forests{{{{{0, 1, 0.5F}}, {shape, shape}}}};
  std::vector<std::vector<unsigned long>> anchors{{67, 0}};
  std::vector<std::vector<dlib::vector<float, 2>>> deltas{{{0, 0}, {1, 1}}};

  dlib::impl::regression_tree& tree() { return forests[0][0]; }

  void write(const std::filesystem::path& file) const {
    std::ofstream out(file, std::ios::binary);
    dlib::serialize(version, out);
    dlib::serialize(shape, out);
    dlib::serialize(forests, out);
    dlib::serialize(anchors, out);
    dlib::serialize(deltas, out);
  }
};

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

const std::pair<const char*, void (*)(Parts&)> faults[] = {
    {"version", [](Parts& p) { p.version = 2; }},
    {"shape", [](Parts& p) { p.shape(3) = nan; }},
    {"half a landmark", [](Parts& p) { p.shape.set_size(135), p.shape = 0; }},
    {"first pixel", [](Parts& p) { p.tree().splits[0].idx1 = 2; }},
    {"second pixel", [](Parts& p) { p.tree().splits[0].idx2 = ~0UL; }},
    {"split too many",
     [](Parts& p) {
       p.tree().splits.push_back({0, 1, 0});
     }},
    {"no leaf", [](Parts& p) { p.tree().splits.clear(), p.tree().leaf_values.clear(); }},
    {"three leaves",
     [](Parts& p) {
       p.tree().splits.push_back({0, 1, 0}), p.tree().leaf_values.push_back(p.shape);
     }},
    {"short leaf",
     [](Parts& p) { p.tree().leaf_values[1].set_size(134), p.tree().leaf_values[1] = 0; }},
    {"leaf", [](Parts& p) { p.tree().leaf_values[0](135) = nan; }},
    {"anchor", [](Parts& p) { p.anchors[0][1] = 68; }},
    {"anchor too many", [](Parts& p) { p.anchors[0].push_back(0); }},
    {"cascade too many", [](Parts& p) { p.anchors.emplace_back(); }},
    {"cascade without pixels", [](Parts& p) { p.deltas.clear(); }},
    {"place", [](Parts& p) { p.deltas[0][0].x() = std::numeric_limits<float>::infinity(); }},
};

TEST(LandmarkModel, NumbersThatPointNowhereAreRefused) {
  const TemporaryFolder folder;
  Parts().write(folder / "whole");
  EXPECT_NO_THROW(LandmarkPredictor((folder / "whole").string()));
  for (const auto& [name, put_in] : faults) {
    Parts parts;
    put_in(parts);
    parts.write(folder / name);
    EXPECT_THROW(LandmarkPredictor((folder / name).string()), ModelError) << name;
  }
}

TEST(LandmarkModel, IsReadAsDlibReadsIt) {
  dlib::shape_predictor theirs;
  dlib::deserialize(LANDMARK_MODEL) >> theirs;
  const LandmarkPredictor ours(LANDMARK_MODEL);
  for (int person = 0; person < 4; ++person) {
    // A face of the size at which ours are fitted, so that both see the same pixels.
    const auto scene = eval::render_portrait({320, 320}, person);
    cv::Mat grey;
    cv::cvtColor(scene.bgr, grey, cv::COLOR_BGR2GRAY);
    const Rect box{85, 85, 150, 150};
    const auto shape =
        theirs(dlib::cv_image<unsigned char>(grey), dlib::rectangle(85, 85, 234, 234));
    const Landmarks points = ours.predict(
        {grey.data, grey.cols, grey.rows, static_cast<std::ptrdiff_t>(grey.step)}, box);
    for (unsigned long i = 0; i < points.size(); ++i) {
      EXPECT_NEAR(points[i].x, static_cast<float>(shape.part(i).x()), 1) << person << " " << i;
      EXPECT_NEAR(points[i].y, static_cast<float>(shape.part(i).y()), 1) << person << " " << i;
    }
  }
}

}  // namespace
}  // namespace faceperturb::test
