// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/study.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <opencv2/imgcodecs.hpp>
#include <sstream>
#include <stdexcept>

#include "eval/align.h"
#include "eval/cache.h"
#include "eval/metrics.h"
#include "eval/parallel.h"
#include "eval/seed.h"

namespace faceperturb::eval {
namespace {

namespace fs = std::filesystem;

cv::Mat read(const fs::path& file) { return cv::imread(file, cv::IMREAD_COLOR); }

// Whether a JPEG ends before its picture does: its decoder fills up with grey, and says nothing.
bool cut_short(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (!bytes.starts_with("\xFF\xD8")) return false;
  const auto scan = bytes.rfind("\xFF\xDA"), end = bytes.rfind("\xFF\xD9");
  return scan == std::string::npos || end == std::string::npos || end < scan;
}

std::string quoted(const fs::path& file) {
  std::ostringstream text;
  text << '\'' << file.string() << '\'';
  return text.str();
}

// Faces of which the truth says nothing: seen by two detectors in the clear picture, none of the
// subjects.
std::vector<Rect> others(const std::vector<std::vector<Detection>>& all,
                         const std::vector<Subject>& subjects) {
  std::vector<std::vector<Detection>> found;
  for (const auto& by_detector : all) found.push_back(sure_ones(by_detector));
  const auto near = [](const Rect& a, const Rect& b) { return iou(a, b) > 0.4; };
  std::vector<Rect> boxes;
  for (const auto& by_detector : found)
    for (const Detection& face : by_detector) {
      if (std::ranges::any_of(subjects,
                              [&](const Subject& s) { return near(s.face.box, face.box); }))
        continue;
      const auto votes = std::ranges::count_if(found, [&](const auto& boxes) {
        return std::ranges::any_of(boxes, [&](const auto& d) { return near(d.box, face.box); });
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
    : set_(std::move(set)), plan_(plan), models_key_(fingerprint(plan.models)) {
  const auto jobs =
      std::clamp<std::size_t>(plan.jobs, 1, std::max<std::size_t>(1, set_.samples.size()));
  for (std::size_t i = 0; i < jobs; ++i) tools_.emplace_back(plan.models);
  detectors_ = tools_.front().detector_names();
  embedders_ = tools_.front().embedder_names();
  meters_ = tools_.front().quality_names();
  look_at_clear();
}

Study::~Study() = default;

std::string Study::key(const ClearPicture& picture, const std::string& what) const {
  std::ostringstream text;
  text << stamp(picture.sample.file) << '\n' << models_key_ << '\n' << what;
  for (const Subject& subject : picture.subjects) {
    const Rect& box = subject.face.box;
    text << ' ' << box.x << ' ' << box.y << ' ' << box.width << ' ' << box.height;
  }
  return text.str();
}

std::uint64_t Study::seed_of(const ClearPicture& picture) const {
  const fs::path& file = picture.sample.file;
  return plan_.seed ^ hash((file.parent_path().filename() / file.filename()).string());
}

void Study::look_at_clear() {
  const Cache cache(plan_.cache);
  std::vector<ClearPicture> all(set_.samples.size());
  std::vector<std::string> faults(all.size());
  const auto for_each_picture = [&](auto work) {
    parallel_for(all.size(), tools_.size(), [&](std::size_t worker, std::size_t i) {
      if (!faults[i].empty()) return;
      try {
        work(tools_[worker], all[i]);
      } catch (const CacheError&) {
        throw;
      } catch (const std::exception& error) {
        faults[i] = error.what();
      }
    });
  };
  for (std::size_t i = 0; i < all.size(); ++i) all[i].sample = set_.samples[i];

  for_each_picture([&](Instruments& tools, ClearPicture& picture) {
    const cv::Mat bgr = read(picture.sample.file);
    if (bgr.empty()) throw std::runtime_error("cannot be read as a picture");
    if (cut_short(picture.sample.file)) throw std::runtime_error("is cut short");
    picture.size = bgr.size();
    picture.min_face_size = min_face_size_of(picture);
    const std::string name = key(picture, "detections");
    auto known = cache.load(name);
    if (!known) {
      known.emplace().look.detections = tools.detect(bgr, picture.min_face_size);
      cache.store(name, *known);
    }
    picture.look.detections = known->look.detections;
    for (const TruthFace& face : picture.sample.faces) {
      auto subject = make_subject(tools, bgr, {face.box, "truth"});
      if (face.landmarks) {
        subject.face.landmarks = face.landmarks;
        subject.points = five_points(*face.landmarks);
      }
      picture.subjects.push_back(subject);
    }
    if (!picture.subjects.empty()) return;
    if (const auto face = main_face(picture.look.detections, detectors_, picture.size))
      picture.subjects.push_back(make_subject(tools, bgr, *face));
  });

  std::map<std::pair<int, int>, std::vector<Rect>> boxes;  // by the picture's size
  for (const ClearPicture& picture : all)
    if (!picture.subjects.empty())
      boxes[{picture.size.width, picture.size.height}].push_back(picture.subjects[0].face.box);
  for_each_picture([&](Instruments& tools, ClearPicture& picture) {
    const cv::Mat bgr = read(picture.sample.file);
    if (picture.subjects.empty() && !picture.sample.identity.person.empty()) {
      const auto same = boxes.find({picture.size.width, picture.size.height});
      const auto box = same == boxes.end() ? std::nullopt : median_box(same->second);
      if (box) picture.subjects.push_back(make_subject(tools, bgr, {*box, "median box"}));
    }
    if (picture.subjects.empty()) throw std::runtime_error("shows no face to any detector");
    picture.ignored = others(picture.look.detections, picture.subjects);
    const std::string name = key(picture, "clear");
    auto known = cache.load(name);
    if (!known) {
      auto& look = known.emplace().look;
      const cv::Mat aligned = align(bgr, picture.subjects[0].points);
      look = look_at(tools, bgr, picture.subjects[0].points, 0, Depth::identity);
      look.quality = tools.rate(aligned);
      cache.store(name, *known);
    }
    known->look.detections = picture.look.detections;
    picture.look = known->look;
    if (plan_.step) plan_.step();
  });

  for (std::size_t i = 0; i < all.size(); ++i)
    if (faults[i].empty())
      pictures_.push_back(std::move(all[i]));
    else
      set_.faults.push_back(quoted(all[i].sample.file) + " " + faults[i]);
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
