// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guard/lookahead.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <utility>

#include "faces/picture.h"
#include "faces/tracker.h"
#include "guard/stillness.h"

namespace faceperturb {
namespace {

Lookahead::Options sane(Lookahead::Options options) {
  options.lookahead = std::max(0, options.lookahead);
  options.detect_interval = std::clamp(options.detect_interval, 1, options.lookahead + 1);
  return options;
}

// How many frames after it a frame's verdict is made: some of the look-ahead is left to the worker,
// so that detection runs beside the stream instead of holding it up.
std::uint64_t reach(const Lookahead::Options& options) {
  const int slack = options.lookahead >= 2 * options.detect_interval ? options.detect_interval : 0;
  return static_cast<std::uint64_t>(options.lookahead - slack);
}

Face scaled(Face face, float by) {
  // Pixel centres: picture pixel p covers frame pixels p * by .. p * by + by - 1.
  const auto position = [&](float p) { return (p + 0.5F) * by - 0.5F; };
  face.box = {position(face.box.x), position(face.box.y), face.box.width * by,
              face.box.height * by};
  if (face.landmarks)
    for (Point& p : *face.landmarks) p = {position(p.x), position(p.y)};
  face.growth *= by;
  return face;
}

// A detector's numbers are not trusted: a box that is no box would protect nothing.
void check(const Detection& d, const Picture& picture) {
  const float limit =
      4.F * static_cast<float>(std::max(picture.size().width, picture.size().height));
  for (const float value : {d.box.x, d.box.y, d.box.width, d.box.height})
    if (!std::isfinite(value) || std::abs(value) > limit)
      throw std::runtime_error("the detector gave a face that is no place in the picture");
  if (d.box.width < 1 || d.box.height < 1)
    throw std::runtime_error("the detector gave a face without size");
}

}  // namespace

struct Lookahead::Entry {
  std::uint64_t index;
  Time time;
  int min_face_size;
  Picture picture;
  std::optional<std::vector<Detection>> found;

  bool final = false;      // under the mutex
  bool abandoned = false;  // under the mutex: left before it was looked at
  Verdict verdict;         // the worker's until final
};

Lookahead::Lookahead(std::unique_ptr<Detector> detector, LandmarkPredictor landmarks,
                     const Options& options)
    : detector_(std::move(detector)),
      landmarks_(std::move(landmarks)),
      options_(sane(options)),
      tracker_(std::make_unique<Tracker>(landmarks_, options_.hold)),
      stillness_(std::make_unique<Stillness>()),
      worker_([this] { work(); }) {}

Lookahead::~Lookahead() {
  {
    const std::lock_guard lock(mutex_);
    quit_ = true;
  }
  changed_.notify_all();
  worker_.join();
}

void Lookahead::push(const LumaView& luma, Time time, int min_face_size,
                     std::optional<std::vector<Detection>> found) {
  auto entry = std::make_shared<Entry>(0, time, min_face_size, Picture(luma), std::move(found));
  const float reduction = static_cast<float>(entry->picture.reduction());
  if (entry->found) {
    for (Detection& d : *entry->found)
      d.box = {d.box.x / reduction, d.box.y / reduction, d.box.width / reduction,
               d.box.height / reduction};
  }
  {
    const std::lock_guard lock(mutex_);
    entry->index = next_index_++;
    finishing_ = false;
    waiting_.push_back(entry);
    todo_.push_back(std::move(entry));
  }
  changed_.notify_all();
}

void Lookahead::finish() {
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
  }
  changed_.notify_all();
}

std::size_t Lookahead::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

Verdict Lookahead::pop(std::optional<Clock::time_point> deadline) {
  std::unique_lock lock(mutex_);
  const EntryPtr entry = waiting_.front();
  const auto known = [&] { return entry->final; };
  if (deadline)
    changed_.wait_until(lock, *deadline, known);
  else
    changed_.wait(lock, known);
  waiting_.pop_front();
  if (entry->final) return std::move(entry->verdict);
  entry->abandoned = true;
  std::erase(todo_, entry);
  return {FrameState::covered, {}, "the frame had to leave before it was looked at"};
}

void Lookahead::reset() { reset(options()); }

void Lookahead::reset(const Options& options) {
  std::unique_lock lock(mutex_);
  todo_.clear();
  changed_.wait(lock, [&] { return !busy_; });
  waiting_.clear();
  history_.clear();
  detections_.clear();
  finishing_ = false;
  options_ = sane(options);
  tracker_->reset(options_.hold);
  stillness_->reset();
  if (detector_) detector_->forget();
}

Lookahead::Options Lookahead::options() const {
  const std::lock_guard lock(mutex_);
  return options_;
}

Lookahead::Times Lookahead::times() const {
  const std::lock_guard lock(mutex_);
  return times_;
}

void Lookahead::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto undecided = [&] { return !history_.empty() && !history_.back()->final; };
    changed_.wait(lock, [&] { return quit_ || !todo_.empty() || (finishing_ && undecided()); });
    if (quit_) return;
    EntryPtr entry;
    if (!todo_.empty()) {
      entry = std::move(todo_.front());
      todo_.pop_front();
    }
    busy_ = true;
    lock.unlock();

    const auto start = Clock::now();
    const Time detecting = times_.detect;  // only this thread changes it
    if (entry) {
      look_at(entry);
      conclude(entry->index + 1 > reach(options_) ? entry->index + 1 - reach(options_) : 0);
    } else {  // the last frame: a detection there closes the frames since the one before
      Entry& newest = *history_.back();
      if (detections_.empty() || detections_.back() != newest.index) {
        stillness_->reset();
        if (detector_) detector_->forget();  // a thorough one: none comes after it
        detect(newest);
      }
      conclude(newest.index + 1);
    }

    lock.lock();
    busy_ = false;
    times_.track += (Clock::now() - start) - (times_.detect - detecting);
    changed_.notify_all();
  }
}

void Lookahead::look_at(const EntryPtr& entry) {
  try {
    if (!history_.empty()) tracker_->advance(history_.back()->picture, entry->picture, entry->time);
  } catch (const std::exception& error) {  // tracks in an unknown state vouch for nothing
    fault_ = error.what();
    tracker_->reset(options_.hold);
    detections_.clear();
  }
  const bool cut =
      !history_.empty() && !alike(history_.back()->picture.thumbnail(), entry->picture.thumbnail());
  history_.push_back(entry);
  entry->verdict.faces = tracker_->faces();
  const auto interval = static_cast<std::uint64_t>(options_.detect_interval);
  // A new shot is looked at from its first frame on; but flashes must not keep the detector busy.
  const bool new_shot = cut && entry->index - last_cut_ >= interval;
  if (new_shot) last_cut_ = entry->index;
  const bool given = entry->found && !entry->found->empty();  // costs nothing
  if (new_shot || given || detections_.empty() || entry->index - detections_.back() >= interval)
    detect(*entry);
}

std::vector<Detection> Lookahead::run_detector(const Entry& entry) {
  const auto start = Clock::now();
  const int min_face_size = std::max(8, entry.min_face_size / entry.picture.reduction());
  std::vector<Detection> found;
  if (!stillness_->vouches_for(entry.picture, min_face_size, entry.time) ||
      !tracker_->faces().empty()) {
    found = detector_->detect(entry.picture, min_face_size);
    stillness_->searched(found.empty());
  }
  const std::lock_guard lock(mutex_);
  times_.detect += Clock::now() - start;
  return found;
}

void Lookahead::detect(Entry& entry) {
  try {
    const std::vector<Detection> found = entry.found ? *entry.found : run_detector(entry);
    for (const Detection& detection : found) check(detection, entry.picture);
    const auto appeared = tracker_->update(found, entry.picture, entry.time);
    detections_.push_back(entry.index);
    entry.verdict.faces = tracker_->faces();
    extend_back(appeared);
  } catch (const std::exception& error) {
    fault_ = error.what();
  } catch (...) {
    fault_ = "the detector failed in an unknown way";
  }
}

// Follows faces that came into view back through the frames that have no verdict yet: a detector
// sees a face later than people do. Not beyond a cut; but a flash, behind which the shot goes on,
// is none.
void Lookahead::extend_back(const std::vector<Face>& appeared) {
  for (Face face : appeared) {
    auto seen = history_.rbegin();  // the earliest frame to which the face could be followed
    auto held = seen + 1;           // from there on it is held where it was seen
    for (auto earlier = seen + 1; earlier != history_.rend() && !(*earlier)->final; ++earlier) {
      const Picture &picture = (*earlier)->picture, &later = (*seen)->picture;
      if ((*seen)->time - (*earlier)->time > options_.hold) break;
      const auto motion = follow(later, picture, face.box);
      if (!motion && !alike(later.thumbnail(), picture.thumbnail())) continue;
      face.held = true;
      for (; held != earlier; ++held) protect(**held, face);
      face.held = !motion;
      if (motion) {
        face = moved(face, *motion);
        seen = earlier;
      }
      protect(**earlier, face);
      held = earlier + 1;
    }
  }
}

// A face that was found later, in a frame without a verdict.
void Lookahead::protect(Entry& entry, const Face& face) {
  auto& faces = entry.verdict.faces;
  const auto known = std::ranges::find(faces, face.id, &Face::id);
  if (known == faces.end()) {
    faces.push_back(face);
  } else if (!face.landmarks) {  // those it had were not to be trusted
    known->box = united(known->box, face.box);
    known->landmarks.reset();
  }
}

bool Lookahead::detected_near(std::uint64_t index) const {
  const auto interval = static_cast<std::uint64_t>(options_.detect_interval);
  const auto after = std::ranges::lower_bound(detections_, index);
  if (after == detections_.end() || *after - index > interval) return false;
  return *after == index || (after != detections_.begin() && index - *std::prev(after) <= interval);
}

// Gives the frames before `end` their verdicts.
void Lookahead::conclude(std::uint64_t end) {
  for (const EntryPtr& entry : history_) {
    if (entry->index >= end) break;
    if (entry->final) continue;
    Verdict& verdict = entry->verdict;
    if (detected_near(entry->index)) {
      const bool held = std::ranges::any_of(verdict.faces, &Face::held);
      verdict.state = held ? FrameState::held : FrameState::checked;
      const auto reduction = static_cast<float>(entry->picture.reduction());
      for (Face& face : verdict.faces) face = scaled(face, reduction);
    } else {
      verdict = {FrameState::covered, {}, fault_};
    }
    const std::lock_guard lock(mutex_);
    entry->final = true;
  }
  changed_.notify_all();

  while (history_.size() > 1 && history_.front()->final) history_.pop_front();
  const auto keep = 2 * static_cast<std::uint64_t>(options_.detect_interval);
  while (detections_.size() > 1 && detections_.front() + keep < history_.front()->index)
    detections_.pop_front();
}

}  // namespace faceperturb
