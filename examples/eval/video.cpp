// SPDX-License-Identifier: LGPL-2.1-or-later
#include "video.h"

#include <algorithm>
#include <exception>
#include <limits>
#include <memory>

#include "eval/faster_rcnn.h"
#include "eval/grey.h"
#include "eval/leak_meter.h"
#include "eval/metrics.h"
#include "faces/picture.h"
#include "perturb/methods.h"
#include "video_pipeline.h"

namespace evaluation {
namespace {

using namespace faceperturb;
using namespace faceperturb::eval;

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

// Says where the face is in clips that come without truth.
class Judge {
 public:
  explicit Judge(const Models& models) {
    if (models.detectors.empty()) return;
    name_ = detector_name(models.detectors.front());
    detector_ = make_detector(models.detectors.front());
  }
  bool any() const { return detector_ != nullptr; }
  const std::string& name() const { return name_; }

  std::optional<Rect> largest_face(const cv::Mat& luma) const {
    const Picture picture(luma_view(luma));
    const int least = default_min_face_size(luma.cols, luma.rows);
    const auto r = static_cast<float>(picture.reduction());
    std::optional<Rect> largest;
    for (const Detection& face :
         detector_->detect(picture, std::max(8, least / picture.reduction()))) {
      if (!face.sure || face.box.width * r < static_cast<float>(least)) continue;
      if (!largest || face.box.width * r > largest->width)
        largest = Rect{face.box.x * r, face.box.y * r, face.box.width * r, face.box.height * r};
    }
    return largest;
  }

 private:
  std::string name_;
  std::unique_ptr<Detector> detector_;
};

LeakCount count_leaks(const Clip& clip, const std::string& element, const Judge& judge) {
  LeakMeter meter;
  std::size_t n = 0;
  compare_frames(
      clip.file, element,
      [&](const cv::Mat& before, const cv::Mat& after, const std::vector<MarkedFace>& faces) {
        std::optional<Rect> face;
        if (!clip.boxes.empty())
          face = n < clip.boxes.size() ? clip.boxes[n] : std::nullopt;
        else if (judge.any())
          face = judge.largest_face(before);
        ++n;
        std::uint32_t track = 0;
        double best = 0.2;
        for (const MarkedFace& marked : faces)
          if (const double overlap = face ? iou(marked.box, *face) : 0; overlap > best) {
            best = overlap;
            track = marked.track;
          }
        meter.add(before, after, face, track);
      });
  return meter.count();
}

double share(std::vector<double> times, double quantile) {
  if (times.empty()) return unknown;
  const auto at =
      times.begin() + static_cast<std::ptrdiff_t>(quantile * static_cast<double>(times.size() - 1));
  std::ranges::nth_element(times, at);
  return *at;
}

double ratio(std::uint64_t a, std::uint64_t b) {
  return b ? static_cast<double>(a) / static_cast<double>(b) : unknown;
}

Table::Row row_of(const Clip& clip, std::string_view method, const EncodedSize& clear,
                  const Judge& judge) {
  const std::string element = "faceperturb method=" + std::string(method);
  const LeakCount leaks = count_leaks(clip, element, judge);
  const auto times = frame_times(clip.file, element);
  const EncodedSize size = encoded_size(clip.file, element);
  return {std::string(method),
          {double(leaks.frames), double(leaks.faces), leaks.per_thousand(), double(leaks.longest),
           100 * leaks.touched, double(leaks.switches), share(times, 0.5), share(times, 0.95),
           share(times, 0.99), ratio(size.x264, clear.x264), ratio(size.vp9, clear.vp9)}};
}

Table table_of(const Dataset& set, const Clip& clip, const Judge& judge) {
  const std::string name = clip.file.filename();
  const std::string where = !clip.boxes.empty() ? "the data set's boxes tell"
                            : judge.any() ? judge.name() + " sees the largest in the clear clip"
                                          : "nobody tells: give a --detector";
  return {
      set.name + "-" + clip.file.stem().string(),
      name,
      "Default settings of the element, and a method. A face is where " + where +
          "; it leaked if less than half of its core was changed. Over-cover: share of the "
          "pixels farther than 15 % of its size from the face that were changed. Switches: how "
          "often its track got another id. ms: between frames that leave, decoding in another "
          "thread. Bitrate: bytes against those of the clear clip, x264 veryfast crf 23 and VP9 "
          "constant quality 32. The element's permutations are random, whatever the seed.",
      {"frames", "with a face", "leaks per 1,000", "longest leak", "over-cover in %",
       "identity switches", "ms, p50", "p95", "p99", "bitrate, x264", "bitrate, VP9"},
      {}};
}

}  // namespace

std::size_t steps(const Dataset& set) { return set.clips.size() * methods().size(); }

Section evaluate_clips(const Dataset& set, const Plan& plan, std::vector<std::string>& faults) {
  Section section{set.name + ": video", {}, {}, {}};
  const Judge judge(plan.models);
  for (const Clip& clip : set.clips) {
    Table table = table_of(set, clip, judge);
    try {
      const EncodedSize clear = encoded_size(clip.file, "identity");
      for (const MethodInfo& method : methods()) {
        table.rows.push_back(row_of(clip, method.name, clear, judge));
        if (plan.step) plan.step();
      }
    } catch (const std::exception& error) {
      faults.emplace_back(error.what());
    }
    section.tables.push_back(std::move(table));
  }
  return section;
}

}  // namespace evaluation
