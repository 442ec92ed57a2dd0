// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/measure.h"

#include <chrono>
#include <opencv2/core.hpp>
#include <stdexcept>

#include "eval/align.h"
#include "eval/grey.h"
#include "eval/seed.h"

namespace faceperturb::eval {

Look look_at(Instruments& instruments, const cv::Mat& bgr, const FivePoints& points,
             int min_face_size, Depth depth) {
  Look look;
  if (depth == Depth::fidelity) return look;
  const cv::Mat aligned = align(bgr, points);
  look.aligned = grey_of(aligned);
  look.embeddings = instruments.embed(aligned);
  if (depth == Depth::identity) return look;
  look.detections = instruments.detect(bgr, min_face_size);
  look.quality = instruments.rate(aligned);
  return look;
}

std::vector<Protected> protect(const cv::Mat& bgr, const std::vector<Face>& faces,
                               const Settings& settings, std::uint64_t seed, int count) {
  using Clock = std::chrono::steady_clock;
  Protector protector = make_protector(seed);
  std::vector<Protected> results;
  for (int i = 0; i < count; ++i) {
    cv::Mat copy = bgr.clone();
    const Frame frame{&format_info(PixelFormat::bgr),
                      copy.cols,
                      copy.rows,
                      {Plane{copy.data, static_cast<std::ptrdiff_t>(copy.step)}}};
    Verdict verdict{FrameState::checked, faces, {}};
    const auto start = Clock::now();
    protector.protect(frame, verdict, settings);
    const std::chrono::duration<double, std::milli> time = Clock::now() - start;
    if (verdict.state == FrameState::covered) throw std::runtime_error(verdict.fault);
    results.push_back({copy, time.count()});
    // A method that draws nothing gives the same again.
    if (i == 1 && cv::norm(results[0].bgr, copy, cv::NORM_INF) == 0) {
      results.resize(static_cast<std::size_t>(count), results[0]);
      break;
    }
  }
  return results;
}

}  // namespace faceperturb::eval
