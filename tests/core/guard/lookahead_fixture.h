// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guard/lookahead.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "faces/picture.h"

namespace faceperturb::test {

using namespace std::chrono_literals;
using Call = std::function<std::vector<Detection>(const Picture&)>;

// A detector that does what a test says.
class Scripted final : public Detector {
 public:
  explicit Scripted(Call call) : call_(std::move(call)) {}
  std::vector<Detection> detect(const Picture& picture, int) override { return call_(picture); }

 private:
  Call call_;
};

// Read once: it takes half a second.
inline const LandmarkPredictor& landmarks() {
  static const LandmarkPredictor predictor(LANDMARK_MODEL);
  return predictor;
}

inline constexpr int side =
    200;  // frames are not reduced: positions are the same in picture and frame

// A textured patch moves over a plain ground: what optical flow can follow, at a known place.
inline cv::Mat scene(float x, float y) {
  static const cv::Mat patch = [] {
    cv::Mat noise(60, 60, CV_8UC1);
    cv::RNG random(7);
    random.fill(noise, cv::RNG::UNIFORM, 0, 255);
    cv::GaussianBlur(noise, noise, {}, 2);
    cv::normalize(noise, noise, 0, 255, cv::NORM_MINMAX);
    return noise;
  }();
  cv::Mat frame(side, side, CV_8UC1, cv::Scalar(120));
  const cv::Mat shift = (cv::Mat_<double>(2, 3) << 1, 0, x, 0, 1, y);
  cv::warpAffine(patch, frame, shift, frame.size(), cv::INTER_LINEAR, cv::BORDER_TRANSPARENT);
  return frame;
}

inline LumaView view(const cv::Mat& frame) {
  return {frame.data, frame.cols, frame.rows, static_cast<std::ptrdiff_t>(frame.step)};
}

inline Detection at(float x, float y) {
  Detection detection;
  detection.box = {x, y, 60, 60};
  detection.score = 1;
  detection.frontal = false;  // no landmarks: the tests are about boxes
  return detection;
}

// The patch moves right, 2 pixels a frame.
inline float place(int frame) { return 20 + 2.F * static_cast<float>(frame); }

class LookaheadTest : public testing::Test {
 protected:
  void start(Call call, Lookahead::Options options,
             const LandmarkPredictor& predictor = landmarks()) {
    lookahead = std::make_unique<Lookahead>(std::make_unique<Scripted>(std::move(call)), predictor,
                                            options);
  }
  void push(int frame) { lookahead->push(view(scene(place(frame), 70)), frame * 40ms, 40); }

  // Pushes frames 0..n-1 as an element does, and gathers all verdicts.
  std::vector<Verdict> run(int n) {
    std::vector<Verdict> verdicts;
    const auto depth = static_cast<std::size_t>(lookahead->options().lookahead);
    for (int i = 0; i < n; ++i) {
      push(i);
      if (lookahead->waiting() > depth) verdicts.push_back(lookahead->pop());
    }
    lookahead->finish();
    while (lookahead->waiting() > 0) verdicts.push_back(lookahead->pop());
    return verdicts;
  }

  // Whether a face of the verdict covers the middle of where the patch is.
  static bool covers(const Verdict& verdict, int frame) {
    if (verdict.state == FrameState::covered) return true;
    const float x = place(frame) + 30, y = 100;
    for (const Face& face : verdict.faces)
      if (x > face.box.x && x < face.box.x + face.box.width && y > face.box.y &&
          y < face.box.y + face.box.height)
        return true;
    return false;
  }

  std::unique_ptr<Lookahead> lookahead;
};

}  // namespace faceperturb::test
