// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guard/lookahead.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <utility>

#include "faces/picture.h"
#include "faces/tracker.h"
#include "guard/stillness.h"
#include "guard/worker_pool.h"

namespace faceperturb {
namespace {

constexpr const char* too_late = "the frame had to leave before it was looked at";

Lookahead::Options sane(Lookahead::Options options) {
  options.lookahead = std::max(0, options.lookahead);
  options.detect_interval = std::clamp(options.detect_interval, 1, options.lookahead + 1);
  return options;
}

// By how many frames the worker may be late: some of the look-ahead is left to it, so that
// detection runs beside the stream instead of holding it up.
std::size_t slack(const Lookahead::Options& options) {
  const bool enough = options.lookahead >= 2 * options.detect_interval;
  return static_cast<std::size_t>(enough ? options.detect_interval : 0);
}

// How many frames after it a frame's verdict is made.
std::uint64_t reach(const Lookahead::Options& options) {
  return static_cast<std::uint64_t>(options.lookahead) - slack(options);
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
  std::uint64_t index = 0;
  Time time{};
  int min_face_size = 0;
  Picture picture;
  std::optional<std::vector<Detection>> found;

  // Under the mutex.
  int holders = 0;       // who waits for it, and the worker
  bool final = false;    // has its verdict
  bool skipped = false;  // by a late worker; final then
  Verdict verdict;       // the worker's until final
};

Lookahead::Lookahead(std::unique_ptr<Detector> detector, LandmarkPredictor landmarks,
                     const Options& options)
    : detector_(std::move(detector)),
      landmarks_(std::move(landmarks)),
      options_(sane(options)),
      tracker_(std::make_unique<Tracker>(landmarks_, options_.hold)),
      stillness_(std::make_unique<Stillness>()),
      worker_(std::make_unique<Worker>([this] { return work(); })) {
  reserve();
}

Lookahead::~Lookahead() = default;

void Lookahead::push(const LumaView& luma, Time time, int min_face_size,
                     std::optional<std::vector<Detection>> found) {
  EntryPtr entry;
  {
    const std::lock_guard lock(mutex_);
    if (!spare_.empty()) {
      entry = std::move(spare_.back());
      spare_.pop_back();
    }
  }
  if (!entry) entry = std::make_shared<Entry>();
  entry->time = time;
  entry->min_face_size = min_face_size;
  entry->picture.read(luma, time);
  entry->found = std::move(found);
  entry->final = entry->skipped = false;
  entry->verdict = {};
  const float reduction = static_cast<float>(entry->picture.reduction());
  if (entry->found) {
    for (Detection& d : *entry->found)
      d.box = {d.box.x / reduction, d.box.y / reduction, d.box.width / reduction,
               d.box.height / reduction};
  }
  {
    const std::lock_guard lock(mutex_);
    entry->index = next_index_++;
    entry->holders = 2;
    finishing_ = false;
    waiting_.push_back(entry);
    todo_.push_back(std::move(entry));
  }
  worker_->wake();
}

void Lookahead::finish() {
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
  }
  worker_->wake();
}

std::size_t Lookahead::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

Verdict Lookahead::pop(std::optional<Clock::time_point> deadline) {
  std::unique_lock lock(mutex_);
  EntryPtr entry = waiting_.front();
  const auto known = [&] { return entry->final; };
  if (deadline)
    changed_.wait_until(lock, *deadline, known);
  else
    changed_.wait(lock, known);
  waiting_.erase(waiting_.begin());
  Verdict verdict;
  late_ = entry->final && !entry->skipped ? 0 : late_ + 1;
  if (entry->final) {
    verdict = std::move(entry->verdict);
  } else {
    verdict.fault = too_late;
    if (std::erase(todo_, entry) > 0) let_go(entry);  // nobody will look at it
  }
  if (deadline && late_ > options_.detect_interval && todo_.size() > slack(options_))
    skip_to_newest();
  let_go(std::move(entry));
  return verdict;
}

// However far the worker falls behind, no list grows while frames come.
void Lookahead::reserve() {
  const auto most = static_cast<std::size_t>(options_.lookahead) + 2;
  for (auto* frames : {&waiting_, &todo_, &spare_}) frames->reserve(most);
}

// Under the mutex: one of its holders needs it no more.
void Lookahead::let_go(EntryPtr entry) {
  if (--entry->holders == 0) spare_.push_back(std::move(entry));
}

// Under the mutex.
void Lookahead::skip_to_newest() {
  while (todo_.size() > 1) {
    EntryPtr& skipped = todo_.front();
    skipped->verdict.fault = too_late;
    skipped->final = skipped->skipped = true;
    let_go(std::move(skipped));
    todo_.erase(todo_.begin());
  }
}

void Lookahead::reset() { reset(options()); }

void Lookahead::reset(const Options& options) {
  std::unique_lock lock(mutex_);
  todo_.clear();
  finishing_ = false;
  late_ = 0;
  changed_.wait(lock, [&] { return !busy_; });
  waiting_.clear();
  spare_.clear();
  history_.clear();
  detections_.clear();
  options_ = sane(options);
  reserve();
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

// Under the mutex. The frames that no detection follows get theirs when no more come.
bool Lookahead::has_work() const {
  return !todo_.empty() || (finishing_ && !history_.empty() && !history_.back()->final);
}

// One frame. Returns whether there is more to do.
bool Lookahead::work() {
  EntryPtr entry;
  {
    const std::lock_guard lock(mutex_);
    if (!has_work()) return false;
    if (!todo_.empty()) {
      entry = std::move(todo_.front());
      todo_.erase(todo_.begin());
    }
    busy_ = true;
  }
  const auto start = Clock::now();
  const Time detecting = times_.detect;  // only this function changes it
  std::uint64_t end = entry ? entry->index + 1 : history_.back()->index + 1;
  try {
    if (entry)
      look_at(entry);
    else
      look_again_at_last();
  } catch (const std::exception& error) {
    lose_tracks(error.what());
  } catch (...) {
    lose_tracks("the tracker failed in an unknown way");
  }
  if (entry) end = end > reach(options_) ? end - reach(options_) : 0;
  conclude(end);

  const std::lock_guard lock(mutex_);
  busy_ = false;
  times_.track += (Clock::now() - start) - (times_.detect - detecting);
  changed_.notify_all();
  return has_work();
}

// Tracks in an unknown state vouch for nothing.
void Lookahead::lose_tracks(const char* fault) {
  fault_ = fault;
  tracker_->reset(options_.hold);
  detections_.clear();
}

// A detection in the last frame closes the frames since the one before.
void Lookahead::look_again_at_last() {
  Entry& newest = *history_.back();
  if (!detections_.empty() && detections_.back() == newest.index) return;
  stillness_->reset();
  if (detector_) detector_->forget();  // a thorough one: none comes after it
  detect(newest);
}

void Lookahead::look_at(const EntryPtr& entry) {
  const EntryPtr before = history_.empty() ? nullptr : history_.back();
  history_.push_back(entry);
  try {
    if (before) tracker_->advance(before->picture, entry->picture, entry->time);
  } catch (const std::exception& error) {
    lose_tracks(error.what());
  }
  const bool cut = before && !alike(before->picture.thumbnail(), entry->picture.thumbnail());
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
    auto shot = seen;               // the earliest frame that surely is of the shot
    for (auto earlier = seen + 1; earlier != history_.rend() && !(*earlier)->final; ++earlier) {
      const Picture &picture = (*earlier)->picture, &later = (*seen)->picture;
      if ((*seen)->time - (*earlier)->time > options_.hold) break;
      const auto motion = follow(later, picture, face.box, surroundings(face.box, picture.size()));
      if (!motion && !alike((*shot)->picture.thumbnail(), picture.thumbnail())) continue;
      shot = earlier;
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
  }
  {
    const std::lock_guard lock(mutex_);  // once: who pops a frame finds its memory let go
    for (const EntryPtr& entry : history_) entry->final = entry->final || entry->index < end;
    while (history_.size() > 1 && history_.front()->final) {
      let_go(std::move(history_.front()));
      history_.pop_front();
    }
  }
  changed_.notify_all();

  const auto keep = 2 * static_cast<std::uint64_t>(options_.detect_interval);
  while (detections_.size() > 1 && detections_.front() + keep < history_.front()->index)
    detections_.pop_front();
}

}  // namespace faceperturb
