// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/measure.h"

#include <chrono>
#include <stdexcept>

#include "eval/align.h"
#include "eval/seed.h"

namespace faceperturb::eval {

Look look_at(Instruments& instruments, const cv::Mat& bgr, const FivePoints& points) {
  const cv::Mat aligned = align(bgr, points);
  return {instruments.detect(bgr), instruments.embed(aligned), instruments.rate(aligned)};
}

Protected protect(const cv::Mat& bgr, const Face& face, const Settings& settings,
                  std::uint64_t seed) {
  Protected result{bgr.clone(), 0};
  const Frame frame{&format_info(PixelFormat::bgr),
                    result.bgr.cols,
                    result.bgr.rows,
                    {Plane{result.bgr.data, static_cast<std::ptrdiff_t>(result.bgr.step)}}};
  Verdict verdict{FrameState::checked, {face}, {}};
  Protector protector = make_protector(seed);
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  protector.protect(frame, verdict, settings);
  result.milliseconds = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  if (verdict.state == FrameState::covered) throw std::runtime_error(verdict.fault);
  return result;
}

}  // namespace faceperturb::eval
