// SPDX-License-Identifier: LGPL-2.1-or-later
#include "video.h"

#include <gst/gst.h>

#include <algorithm>
#include <array>
#include <exception>
#include <limits>
#include <memory>
#include <opencv2/imgproc.hpp>
#include <optional>

#include "common/failure.h"
#include "eval/cache.h"
#include "eval/detectors.h"
#include "eval/leak_meter.h"
#include "eval/metrics.h"
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

  std::optional<Rect> largest_face(const cv::Mat& i420, cv::Size size) const {
    cv::Mat bgr;
    cv::cvtColor(i420, bgr, cv::COLOR_YUV2BGR_I420);
    const int least = default_min_face_size(size.width, size.height);
    std::optional<Rect> largest;
    for (const Detection& face : detector_->detect(bgr, least)) {
      if (!face.sure || face.box.width < static_cast<float>(least)) continue;
      if (!largest || face.box.width > largest->width) largest = face.box;
    }
    return largest;
  }

 private:
  std::string name_;
  std::unique_ptr<PictureDetector> detector_;
};

// Where the face is, frame by frame.
class Truth {
 public:
  Truth(const Clip& clip, const Judge& judge) : clip_(clip), judge_(judge) {}

  /// Of the next frame. What the judge saw is kept for the next method.
  std::optional<Rect> at(std::size_t frame, const cv::Mat& i420, cv::Size size) {
    if (!clip_.boxes.empty()) return frame < clip_.boxes.size() ? clip_.boxes[frame] : std::nullopt;
    if (!judge_.any()) return std::nullopt;
    if (frame == seen_.size()) seen_.push_back(judge_.largest_face(i420, size));
    return seen_.at(frame);
  }

 private:
  const Clip& clip_;
  const Judge& judge_;
  std::vector<std::optional<Rect>> seen_;
};

std::uint32_t track_at(const std::vector<MarkedFace>& faces, const Rect& face) {
  std::uint32_t track = 0;
  double best = 0.2;
  for (const MarkedFace& marked : faces)
    if (const double overlap = iou(marked.box, face); overlap > best) {
      best = overlap;
      track = marked.track;
    }
  return track;
}

double share(std::vector<double> times, double quantile) {
  if (times.empty()) return unknown;
  const auto at =
      times.begin() + static_cast<std::ptrdiff_t>(quantile * static_cast<double>(times.size() - 1));
  std::ranges::nth_element(times, at);
  return *at;
}

double ratio(std::uint64_t bytes, double clear) {
  return clear > 0 ? static_cast<double>(bytes) / clear : unknown;
}

std::vector<double> row_of(const Clip& clip, const std::string& element, Truth& truth,
                           const std::vector<double>& clear) {
  LeakMeter meter;
  std::size_t frame = 0;
  const EncodedSize size = watch_clip(
      clip.file, element,
      [&](const cv::Mat& before, const cv::Mat& after, cv::Size frame_size,
          const std::vector<MarkedFace>& faces) {
        const auto face = truth.at(frame++, before, frame_size);
        meter.add(before.rowRange(0, frame_size.height), after.rowRange(0, frame_size.height), face,
                  face ? track_at(faces, *face) : 0);
      });
  const LeakCount leaks = meter.count();
  const auto times = frame_times(clip.file, element);
  return {double(leaks.frames),       double(leaks.faces),      leaks.per_thousand(),
          double(leaks.longest),      100 * leaks.touched,      double(leaks.switches),
          share(times, 0.5),          share(times, 0.95),       share(times, 0.99),
          ratio(size.x264, clear[0]), ratio(size.vp9, clear[1])};
}

// The plugin that is measured.
std::string plugin_stamp() {
  GstPlugin* plugin = gst_registry_find_plugin(gst_registry_get(), "faceperturb");
  const std::string file = plugin ? gst_plugin_get_filename(plugin) : "";
  gst_clear_object(&plugin);
  return stamp(file);
}

// What the cache has, or what `measure` says.
template <typename Measure>
std::vector<double> known_or(const Cache& cache, const std::string& key, Measure measure) {
  if (auto row = cache.load_row(key)) return *std::move(row);
  std::vector<double> row = measure();
  cache.store_row(key, row);
  return row;
}

// As gst_parse_launch() takes a text.
std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

// The element's default regions, and the whole face.
struct Area {
  const char* name;
  const char* settings;
};
constexpr std::array areas{Area{"eyes+nose+mouth", ""}, Area{"face", " regions=face"}};

Table table_of(const Dataset& set, const Clip& clip, const Judge& judge) {
  const std::string name = clip.file.filename();
  const std::string where = !clip.boxes.empty() ? "the data set's boxes tell"
                            : judge.any() ? judge.name() + " sees the largest in the clear clip"
                                          : "nobody tells: give a --detector";
  return {
      set.name + "-" + clip.file.stem().string(),
      name,
      "Default settings of the element but for method and regions. A face is where " + where +
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

void need_element() {
  GstElementFactory* factory = gst_element_factory_find("faceperturb");
  if (!factory)
    throw examples::Failure(
        "clips are measured with the element 'faceperturb', which GStreamer does not find: install "
        "it, or set GST_PLUGIN_PATH to the folder of libgstfaceperturb.so");
  gst_object_unref(factory);
}

std::size_t steps(const Dataset& set) { return set.clips.size() * methods().size() * areas.size(); }

Section evaluate_clips(const Dataset& set, const Plan& plan, std::vector<std::string>& faults) {
  Section section{set.name + ": video", {}, {}, {}};
  const Cache cache(plan.cache);
  const Judge judge(plan.models);
  const std::string landmarks = " landmark-model=" + quoted(plan.models.landmarks);
  for (const Clip& clip : set.clips) {
    Table table = table_of(set, clip, judge);
    Truth truth(clip, judge);
    const std::string key = stamp(clip.file) + '\n' + stamp(clip.file.parent_path() / "gt.txt") +
                            '\n' + fingerprint(plan.models) + '\n' + plugin_stamp() + '\n';
    try {
      const auto clear = known_or(cache, key + "clear", [&] {
        const EncodedSize size = watch_clip(clip.file, "identity", [](auto&&...) {});
        return std::vector<double>{double(size.x264), double(size.vp9)};
      });
      for (const Area& area : areas)
        for (const MethodInfo& method : methods()) {
          const std::string element =
              "faceperturb method=" + std::string(method.name) + area.settings + landmarks;
          const auto row =
              known_or(cache, key + element, [&] { return row_of(clip, element, truth, clear); });
          table.rows.push_back(
              {std::string(method.name) + ", " + area.name, {row.begin(), row.end()}});
          if (plan.step) plan.step();
        }
    } catch (const CacheError&) {
      throw;
    } catch (const std::exception& error) {
      faults.emplace_back(error.what());
    }
    section.tables.push_back(std::move(table));
  }
  return section;
}

}  // namespace evaluation
