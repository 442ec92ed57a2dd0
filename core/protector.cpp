// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protector.h"

#include <exception>
#include <utility>

namespace faceperturb {
namespace {

// Adds the time it lives to a total.
class Stopwatch {
 public:
  explicit Stopwatch(std::chrono::nanoseconds& total) : total_(total) {}
  ~Stopwatch() { total_ += std::chrono::steady_clock::now() - start_; }

 private:
  std::chrono::nanoseconds& total_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

Protector::Protector(std::unique_ptr<Detector> detector, LandmarkPredictor landmarks)
    : detector_(std::move(detector)), landmarks_(std::move(landmarks)) {}

Report Protector::protect(const Frame& frame, const Settings& settings) noexcept {
  Report report;
  try {
    find_faces(frame, settings, report);
    perturb(frame, settings, report);
    report.state = FrameState::checked;
  } catch (const std::exception& error) {
    report.fault = error.what();
  } catch (...) {
    report.fault = "unknown exception";
  }
  ++frame_counter_;
  if (report.state == FrameState::covered) {
    report.faces.clear();
    cover(frame);
  }
  return report;
}

void Protector::find_faces(const Frame& frame, const Settings& settings, Report& report) {
  LumaView luma;
  std::vector<Detection> found;
  {
    const Stopwatch watch(report.detect_time);
    luma = luma_.read(frame);
    const int min_face_size = settings.min_face_size > 0
                                  ? settings.min_face_size
                                  : default_min_face_size(frame.width, frame.height);
    found = detector_->detect(luma, min_face_size);
  }
  const Stopwatch watch(report.landmark_time);
  for (const auto& detection : found)
    report.faces.push_back(
        {detection.box, detection.score, landmarks_.predict(luma, detection.box)});
}

void Protector::perturb(const Frame& frame, const Settings& settings, Report& report) {
  const Stopwatch watch(report.perturb_time);
  const CellGrid grid(frame, settings.cell_size);
  regions_.start_frame(grid);
  std::uint32_t number = 0;
  for (const Face& face : report.faces) {
    RandomStream random(secret_, frame_counter_, number++);
    const auto cells = regions_.add(face, settings.regions, settings.pixels, random);
    method_info(settings.method).apply(frame, grid, cells, random, workspace_);
  }
}

}  // namespace faceperturb
