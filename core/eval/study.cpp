// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/study.h"

#include <dlfcn.h>

#include <algorithm>
#include <map>
#include <opencv2/imgcodecs.hpp>
#include <sstream>

#include "eval/align.h"
#include "eval/cache.h"
#include "eval/metrics.h"
#include "eval/parallel.h"
#include "eval/seed.h"

namespace faceperturb::eval {
namespace {

namespace fs = std::filesystem;

cv::Mat read(const fs::path& file) { return cv::imread(file, cv::IMREAD_COLOR); }

std::string quoted(const fs::path& file) {
  std::ostringstream text;
  text << '\'' << file.string() << '\'';
  return text.str();
}

std::string stamp(const fs::path& file) {
  std::error_code error;
  std::ostringstream text;
  text << file.string() << ' ' << fs::file_size(file, error) << ' '
       << fs::last_write_time(file, error).time_since_epoch().count();
  return text.str();
}

// The program and the library: what another build measured is not taken from a cache.
std::string build() {
  Dl_info library{};
  dladdr(reinterpret_cast<const void*>(&method_info), &library);
  return stamp("/proc/self/exe") + ' ' + stamp(library.dli_fname ? library.dli_fname : "");
}

std::string describe(const Models& models) {
  std::string text = build() + ' ' + stamp(models.landmarks);
  for (const auto* files : {&models.detectors, &models.embedders, &models.quality}) {
    text += " |";
    for (const auto& file : *files) text += ' ' + stamp(file);
  }
  return text;
}

// Faces of which the truth says nothing: seen by two detectors in the clear picture, none of the
// subjects.
std::vector<Rect> others(const std::vector<std::vector<Detection>>& found,
                         const std::vector<Subject>& subjects) {
  const auto near = [](const Rect& a, const Rect& b) { return iou(a, b) > 0.4; };
  std::vector<Rect> boxes;
  for (const auto& by_detector : found)
    for (const Detection& face : by_detector) {
      if (std::ranges::any_of(subjects,
                              [&](const Subject& s) { return near(s.face.box, face.box); }))
        continue;
      const auto votes = std::ranges::count_if(found, [&](const auto& all) {
        return std::ranges::any_of(all, [&](const auto& d) { return near(d.box, face.box); });
      });
      if (votes >= 2) boxes.push_back(face.box);
    }
  return boxes;
}

// Where the truth is known, faces nearly as small as its smallest; in pictures of people, a quarter
// of the shorter side.
int min_face_size_of(const ClearPicture& picture) {
  constexpr int least = 24;
  float size = 0.25F * static_cast<float>(std::min(picture.size.width, picture.size.height));
  for (const TruthFace& face : picture.sample.faces) size = std::min(size, 0.8F * face.box.width);
  return std::max(least, static_cast<int>(size));
}

std::vector<Face> faces_of(const ClearPicture& picture) {
  std::vector<Face> faces;
  for (const Subject& subject : picture.subjects) faces.push_back(subject.face);
  return faces;
}

}  // namespace

Study::Study(Dataset set, const Plan& plan)
    : set_(std::move(set)), plan_(plan), models_key_(describe(plan.models)) {
  for (std::size_t i = 0; i < plan.jobs; ++i) tools_.emplace_back(plan.models);
  detectors_ = tools_.front().detector_names();
  embedders_ = tools_.front().embedder_names();
  meters_ = tools_.front().quality_names();
  look_at_clear();
}

Study::~Study() = default;

std::string Study::key(const ClearPicture& picture, const std::string& what) const {
  return stamp(picture.sample.file) + '\n' + models_key_ + '\n' + what;
}

std::uint64_t Study::seed_of(const ClearPicture& picture) const {
  const fs::path& file = picture.sample.file;
  return plan_.seed ^ hash((file.parent_path().filename() / file.filename()).string());
}

void Study::look_at_clear() {
  const Cache cache(plan_.cache);
  std::vector<ClearPicture> all(set_.samples.size());
  parallel_for(all.size(), tools_.size(), [&](std::size_t worker, std::size_t i) {
    ClearPicture& picture = all[i];
    picture.sample = set_.samples[i];
    const cv::Mat bgr = read(picture.sample.file);
    picture.size = bgr.size();
    if (bgr.empty()) return;
    picture.min_face_size = min_face_size_of(picture);
    const std::string name = key(picture, "detections");
    auto known = cache.load(name);
    if (!known) {
      known.emplace().look.detections = tools_[worker].detect(bgr, picture.min_face_size);
      cache.store(name, *known);
    }
    picture.look.detections = known->look.detections;
    for (const TruthFace& face : picture.sample.faces) {
      auto subject = make_subject(tools_[worker], bgr, {face.box, "truth"});
      if (face.landmarks) {
        subject.face.landmarks = face.landmarks;
        subject.points = five_points(*face.landmarks);
      }
      picture.subjects.push_back(subject);
    }
    if (!picture.subjects.empty()) return;
    if (const auto face = main_face(picture.look.detections, detectors_, picture.size))
      picture.subjects.push_back(make_subject(tools_[worker], bgr, *face));
  });

  std::map<std::pair<int, int>, std::vector<Rect>> boxes;  // by the picture's size
  for (const ClearPicture& picture : all)
    if (!picture.subjects.empty())
      boxes[{picture.size.width, picture.size.height}].push_back(picture.subjects[0].face.box);
  parallel_for(all.size(), tools_.size(), [&](std::size_t worker, std::size_t i) {
    ClearPicture& picture = all[i];
    if (picture.size.empty()) return;
    const cv::Mat bgr = read(picture.sample.file);
    if (picture.subjects.empty() && !picture.sample.identity.person.empty()) {
      const auto same = boxes.find({picture.size.width, picture.size.height});
      const auto box = same == boxes.end() ? std::nullopt : median_box(same->second);
      if (box) picture.subjects.push_back(make_subject(tools_[worker], bgr, {*box, "median box"}));
    }
    if (picture.subjects.empty()) return;
    picture.ignored = others(picture.look.detections, picture.subjects);
    const std::string name = key(picture, "clear");
    auto known = cache.load(name);
    if (!known) {
      auto& look = known.emplace().look;
      const cv::Mat aligned = align(bgr, picture.subjects[0].points);
      look = look_at(tools_[worker], bgr, picture.subjects[0].points, 0, Depth::identity);
      look.quality = tools_[worker].rate(aligned);
      cache.store(name, *known);
    }
    known->look.detections = picture.look.detections;
    picture.look = known->look;
    if (plan_.step) plan_.step();
  });

  for (ClearPicture& picture : all) {
    const std::string file = quoted(picture.sample.file);
    if (picture.size.empty())
      set_.faults.push_back(file + " cannot be read as a picture");
    else if (picture.subjects.empty())
      set_.faults.push_back(file + " shows no face to any detector");
    else
      pictures_.push_back(std::move(picture));
  }
}

Measurement Study::measure(Instruments& tools, const ClearPicture& picture,
                           const Trial& trial) const {
  Measurement m;
  try {
    const cv::Mat bgr = read(picture.sample.file);
    const int count = trial.restoration ? trial.restoration->frames : 1;
    const auto frames =
        eval::protect(bgr, faces_of(picture), trial.variant.settings, seed_of(picture), count);
    m.milliseconds = frames[0].milliseconds / static_cast<double>(picture.subjects.size());
    cv::Mat result = frames[0].bgr;
    if (trial.restoration) {
      std::vector<cv::Mat> pictures;
      for (const Protected& frame : frames) pictures.push_back(frame.bgr);
      result = trial.restoration->apply(pictures);
    }
    m.ssim = ssim(bgr, result);
    m.psnr = psnr(bgr, result);
    m.look = look_at(tools, result, picture.subjects[0].points, picture.min_face_size, trial.depth);
  } catch (const std::exception& error) {
    m = {};
    m.fault = quoted(picture.sample.file) + ", " + trial.variant.name() + ": " + error.what();
  }
  return m;
}

std::vector<Measurement> Study::run(const Trial& trial) {
  const Cache cache(plan_.cache);
  const std::string what =
      trial.variant.name() + " seed " + std::to_string(plan_.seed) + " depth " +
      std::to_string(static_cast<int>(trial.depth)) + " cell " +
      std::to_string(trial.variant.settings.cell_size) + " regions " +
      name_of(trial.variant.settings.regions) +
      (trial.restoration ? " restored by " + std::string(trial.restoration->name) : "");
  std::vector<Measurement> results(pictures_.size());
  parallel_for(results.size(), tools_.size(), [&](std::size_t worker, std::size_t i) {
    const std::string name = key(pictures_[i], what);
    if (auto known = cache.load(name)) {
      results[i] = *std::move(known);
    } else {
      results[i] = measure(tools_[worker], pictures_[i], trial);
      if (results[i].fault.empty()) cache.store(name, results[i]);
    }
    if (plan_.step) plan_.step();
  });
  for (const Measurement& m : results)
    if (!m.fault.empty()) set_.faults.push_back(m.fault);
  return results;
}

cv::Mat Study::clear(const ClearPicture& picture) const { return read(picture.sample.file); }

std::vector<std::vector<Detection>> Study::detect(const ClearPicture& picture,
                                                  const cv::Mat& bgr) const {
  return tools_.front().detect(bgr, picture.min_face_size);
}

cv::Mat Study::protect(const ClearPicture& picture, const Variant& variant) const {
  return eval::protect(clear(picture), faces_of(picture), variant.settings, seed_of(picture))[0]
      .bgr;
}

}  // namespace faceperturb::eval
