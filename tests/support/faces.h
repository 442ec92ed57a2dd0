// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "faces/detector.h"
#include "faces/face.h"
#include "protector.h"

namespace faceperturb::test {

/// A model of write_model() that lasts as long as the program.
const std::string& small_model();

/// An upright face in `box` with drawn-up landmarks: no picture is needed.
Face upright_face(const Rect& box);

/// Finds the same boxes in every picture.
class FixedDetector final : public Detector {
 public:
  explicit FixedDetector(std::vector<Rect> boxes) : boxes_(std::move(boxes)) {}
  std::vector<Detection> detect(const Picture&, int) override;

 private:
  std::vector<Rect> boxes_;
};

/// The whole pipeline on single frames: every frame is detected in, nothing is tracked or held.
class SingleFrames {
 public:
  explicit SingleFrames(std::unique_ptr<Detector> detector)
      : lookahead_(std::move(detector), LandmarkPredictor(small_model()), {1, 0, {}}) {}
  Verdict protect(const Frame& frame, const Settings& settings) {
    lookahead_.push(luma_.read(frame), std::chrono::nanoseconds(++time_), 24);
    Verdict verdict = lookahead_.pop();
    protector_.protect(frame, verdict, settings);
    return verdict;
  }

 private:
  LumaReader luma_;
  Lookahead lookahead_;
  Protector protector_;
  int time_ = 0;
};

/// Writes a dlib shape predictor that says upright_face() of any box; `parts` other than 68 gives
/// the first of its points. It loads at once, where the real one takes its time.
void write_model(const std::filesystem::path& file, std::size_t parts = 68);

/// A folder that goes with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// All that is in a file; nothing where it cannot be read.
std::string read_file(const std::filesystem::path& file);

/// A file of the test data, which is not part of the project; see data_hint().
std::filesystem::path test_data(const std::string& name);
/// What to say where it is absent.
std::string data_hint(const std::filesystem::path& file);

}  // namespace faceperturb::test

/// Skips the test where a file of the test data is absent.
#define FACEPERTURB_NEEDS(file) \
  if (!std::filesystem::exists(file)) GTEST_SKIP() << faceperturb::test::data_hint(file)
