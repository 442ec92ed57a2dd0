// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sweep.h"

#include <gst/video/video.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <limits>
#include <memory>
#include <opencv2/core/utils/logger.hpp>
#include <stdexcept>
#include <thread>

#include "clips.h"
#include "contenders.h"
#include "machine.h"
#include "perturb/methods.h"
#include "rig.h"
#include "samples.h"

namespace bench {
namespace {

// What the property `stats` of ours has counted.
struct Counts {
  guint64 frames = 0, faces = 0, covered = 0, dropped = 0;
};

Counts counts(GstElement* element) {
  GstStructure* stats = nullptr;
  g_object_get(element, "stats", &stats, nullptr);
  const Ptr<GstStructure> owned(stats);
  Counts c;
  gst_structure_get(stats, "frames", G_TYPE_UINT64, &c.frames, "faces", G_TYPE_UINT64, &c.faces,
                    "covered", G_TYPE_UINT64, &c.covered, "dropped", G_TYPE_UINT64, &c.dropped,
                    nullptr);
  return c;
}

// A new stream is searched more thoroughly for a second. Not a whole number of frames.
constexpr auto between_starts = std::chrono::milliseconds(510);

bool is_ours(const Contender& contender) { return std::string(contender.name) == "faceperturb"; }

// The figures of one element in one case; those that were not measured stay below zero.
struct Figures {
  std::string element, caps, fault;
  std::size_t frames = 0;
  double faces = -1;  // that ours found, a frame
  double p50 = -1, p95 = -1, p99 = -1;
  double cpu = -1;  // seconds a second of video, one stream
  double copied = -1, changed = -1, allocations = -1;
  double peak = -1;
  double late50 = -1, late95 = -1, late99 = -1;
  double lost = -1;      // frames covered or dropped
  bool gave_up = false;  // a stream fell two seconds behind
};

// One element in one case, on its own.
class Runner {
 public:
  Runner(const Contender& contender, const Case& wanted, const std::vector<cv::Mat>& pictures)
      : ours_(is_ours(contender)),
        clip_(pictures,
              contender.format == GST_VIDEO_FORMAT_UNKNOWN ? wanted.format : contender.format) {
    figures_.element = contender.name;
    figures_.caps = gst_video_format_to_string(GST_VIDEO_INFO_FORMAT(&clip_.info()));
    const PeakMemory memory;
    Ptr<GstElement> element = make(contender, wanted, figures_.fault);
    if (!element) return;
    rig_ = std::make_unique<Rig>(std::move(element), clip_);
    // What is made at first, or held back, does not count; nor a still scene's first look.
    for (int i = 0; i < 60; ++i) rig_->push(1);
    figures_.peak = memory.megabytes();
    if (ours_) before_ = counts(rig_->element());
  }

  // Some frames in a row, as long as `milliseconds` are not used up.
  void run(int frames, double milliseconds) {
    if (!rig_) return;
    constexpr int batch = 20;
    double used = 0, cpu = 0;
    int done = 0;
    for (; done < frames && used < milliseconds; done += batch) {
      const Run run = rig_->push(batch);
      for (const double time : run.milliseconds) times_.add(time);
      used += run.wall_milliseconds;
      cpu += run.cpu_milliseconds;
      allocations_ += run.calls.allocations;
      copied_ += run.calls.copied;
      changed_ += run.changed;
      came_out_ += run.came_out;
      elsewhere_ += run.came_out - run.in_place;
    }
    cpu_ = std::min(cpu_, cpu / done);
  }

  Figures figures() const {
    Figures result = figures_;
    if (!rig_) return result;
    const auto frames = static_cast<double>(times_.size());
    result.frames = times_.size();
    result.p50 = times_.quantile(0.5);
    result.p95 = times_.quantile(0.95);
    result.p99 = times_.quantile(0.99);
    result.cpu = cpu_ * rate / 1e3;
    // An element that gives out other memory has copied the frame, by whatever means.
    const double copies = static_cast<double>(elsewhere_ * clip_.info().size);
    result.copied = std::max(copies, static_cast<double>(copied_)) / frames / 1e3;
    result.changed = static_cast<double>(changed_) / static_cast<double>(came_out_) / 1e3;
    result.allocations = static_cast<double>(allocations_) / frames;
    if (ours_) {
      const Counts now = counts(rig_->element());
      result.faces = static_cast<double>(now.faces - before_.faces) /
                     static_cast<double>(now.frames - before_.frames);
      result.lost = static_cast<double>(now.covered + now.dropped);
    }
    return result;
  }

 private:
  const bool ours_;
  const Clip clip_;
  Figures figures_;
  std::unique_ptr<Rig> rig_;
  Samples times_;                                    // milliseconds
  double cpu_ = std::numeric_limits<double>::max();  // milliseconds a frame, in the best round
  std::size_t allocations_ = 0, copied_ = 0, changed_ = 0, came_out_ = 0, elsewhere_ = 0;
  Counts before_;
};

Counts sum_of_counts(const std::vector<std::unique_ptr<Rig>>& rigs) {
  Counts sum;
  for (const auto& rig : rigs) {
    const Counts c = counts(rig->element());
    sum.frames += c.frames;
    sum.faces += c.faces;
    sum.covered += c.covered;
    sum.dropped += c.dropped;
  }
  return sum;
}

// So many streams at once, live, one beginning after the other.
Figures play_streams(const Contender& contender, const Case& wanted,
                     const std::vector<cv::Mat>& pictures, double seconds) {
  const Clip clip(pictures,
                  contender.format == GST_VIDEO_FORMAT_UNKNOWN ? wanted.format : contender.format);
  Figures figures;
  figures.element = contender.name;
  figures.caps = gst_video_format_to_string(GST_VIDEO_INFO_FORMAT(&clip.info()));
  const PeakMemory memory;
  std::vector<std::unique_ptr<Rig>> rigs;
  for (int i = 0; i < wanted.streams; ++i) {
    Ptr<GstElement> element = make(contender, wanted, figures.fault);
    if (!element) return figures;
    rigs.push_back(std::make_unique<Rig>(std::move(element), clip, true));
  }
  // The time that counts begins when all have begun and are no more searched as new ones.
  const auto start = Clock::now() + std::chrono::milliseconds(50);
  const auto begun = static_cast<int>(rigs.size()) * between_starts + std::chrono::seconds(2);
  std::vector<std::vector<double>> late(rigs.size());
  Counts before, after;
  double cpu = 0;
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < rigs.size(); ++i) {
      const auto delay = static_cast<int>(i) * between_starts;
      const double whole = std::chrono::duration<double>(begun - delay).count() + seconds;
      threads.emplace_back(
          [&, i, delay, whole] { late[i] = rigs[i]->play(start + delay, whole, whole - seconds); });
    }
    std::this_thread::sleep_until(start + begun);
    cpu = process_cpu_milliseconds();
    if (is_ours(contender)) before = sum_of_counts(rigs);
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    cpu = process_cpu_milliseconds() - cpu;
    if (is_ours(contender)) after = sum_of_counts(rigs);
  }
  figures.peak = memory.megabytes();
  Samples samples;
  for (const auto& stream : late) {
    if (stream.empty()) figures.gave_up = true;
    for (const double time : stream) samples.add(time);
  }
  figures.frames = samples.size();
  figures.cpu = cpu / 1e3 / seconds / wanted.streams;
  if (!samples.empty()) {
    figures.late50 = samples.quantile(0.5);
    figures.late95 = samples.quantile(0.95);
    figures.late99 = samples.quantile(0.99);
  }
  if (is_ours(contender)) {
    figures.faces = static_cast<double>(after.faces - before.faces) /
                    static_cast<double>(after.frames - before.frames);
    figures.lost =
        static_cast<double>(after.covered + after.dropped - before.covered - before.dropped);
  }
  return figures;
}

// --- Axes ----------------------------------------------------------------------------------------

struct Step {
  std::string label;
  Case wanted;
};

struct Axis {
  const char* name;
  const char* title;
  bool others;  // whether others' elements are measured at each step
  std::vector<Step> (*steps)(const SweepOptions& options);
};

std::string label(cv::Size size) {
  return std::to_string(size.width) + "x" + std::to_string(size.height);
}

std::vector<Step> resolutions(const SweepOptions& options, int faces) {
  std::vector<Step> steps;
  for (const cv::Size size : options.sizes) {
    Case wanted{.size = size, .faces = faces};
    steps.push_back({label(size), wanted});
  }
  return steps;
}

constexpr std::array table{
    Axis{"resolution", "1 face, I420, detector=auto, method=shuffle", true,
         [](const SweepOptions& options) { return resolutions(options, 1); }},
    Axis{"still", "no face, nothing but noise moves, I420", false,
         [](const SweepOptions& options) { return resolutions(options, 0); }},
    Axis{"faces", "1280x720, I420", true,
         [](const SweepOptions&) {
           std::vector<Step> steps;
           for (const int faces : {0, 1, 5, 50})
             steps.push_back({std::to_string(faces), Case{.faces = faces}});
           return steps;
         }},
    Axis{"format", "1280x720, 1 face", false,
         [](const SweepOptions&) {
           std::vector<Step> steps;
           for (const GstVideoFormat format :
                {GST_VIDEO_FORMAT_I420, GST_VIDEO_FORMAT_NV12, GST_VIDEO_FORMAT_RGB})
             steps.push_back({gst_video_format_to_string(format), Case{.format = format}});
           return steps;
         }},
    Axis{"detector", "1280x720, 1 face, I420", false,
         [](const SweepOptions& options) {
           std::vector<Step> steps;
           for (const char* detector : {"auto", "hog", "cascade"})
             steps.push_back({detector, Case{.detector = detector}});
           if (!options.detector_model.empty())
             steps.push_back(
                 {"dnn", Case{.detector = "dnn", .detector_model = options.detector_model}});
           return steps;
         }},
    Axis{"method", "1280x720, 1 face, I420", false,
         [](const SweepOptions&) {
           std::vector<Step> steps;
           for (const auto& method : faceperturb::methods())
             steps.push_back({std::string(method.name), Case{.method = std::string(method.name)}});
           return steps;
         }},
    Axis{"streams", "640x360 at 30 frames/s, 1 face, live: frames that come late are lost", true,
         [](const SweepOptions& options) {
           std::vector<Step> steps;
           for (const int streams : options.streams)
             steps.push_back(
                 {std::to_string(streams), Case{.size = {640, 360}, .streams = streams}});
           return steps;
         }},
};

// --- Tables --------------------------------------------------------------------------------------

void cell(double value, int width, int digits) {
  if (value < 0)
    std::printf(" %*s", width, "-");
  else
    std::printf(" %*.*f", width, digits, value);
}

// Columns: of a sweep over streams other ones.
void print(const std::vector<Figures>& rows, bool streams) {
  const auto of = [&](const char* name) -> const Figures* {
    const auto row = std::ranges::find(rows, name, &Figures::element);
    return row == rows.end() || row->cpu < 0 ? nullptr : &*row;
  };
  const Figures* ours = of("faceperturb");
  for (const Figures& row : rows) {
    std::printf("  %-16s %-5s", row.element.c_str(), row.caps.c_str());
    if (!row.fault.empty()) {
      std::printf(" %s\n", row.fault.c_str());
      continue;
    }
    std::printf(" %6zu", row.frames);
    cell(row.faces, 6, 2);
    if (streams) {
      for (const double time : {row.late50, row.late95, row.late99}) cell(time, 9, 1);
      cell(row.lost, 6, 0);
    } else {
      for (const double time : {row.p50, row.p95, row.p99}) cell(time, 9, 4);
    }
    cell(row.cpu, 8, 4);
    cell(ours ? row.cpu / ours->cpu : -1, 8, 3);
    if (!streams) {
      cell(row.copied, 10, 1);
      cell(row.changed, 10, 1);
      cell(row.allocations, 8, 1);
    }
    cell(row.peak, 7, 0);
    std::printf("%s\n", row.gave_up ? "  falls behind: given up" : "");
  }
}

void print_head(const Axis& axis, bool streams) {
  std::printf("\n%s: %s\n  %-16s %-5s %6s %6s", axis.name, axis.title, "element", "caps", "frames",
              "faces");
  if (streams)
    std::printf(" %9s %9s %9s %6s", "late p50", "p95", "p99", "lost");
  else
    std::printf(" %9s %9s %9s", "ms p50", "p95", "p99");
  std::printf(" %8s %8s", "cpu s/s", "x ours");
  if (!streams) std::printf(" %10s %10s %8s", "copied kB", "changed kB", "allocs");
  std::printf(" %7s\n", "peak MB");
}

class Csv {
 public:
  explicit Csv(const std::string& path) {
    if (path.empty()) return;
    file_.open(path);
    if (!file_) throw std::runtime_error("'" + path + "' cannot be written");
    file_ << "axis,step,width,height,faces,streams,element,caps,frames,found,stream_p50_ms,"
             "stream_p95_ms,stream_p99_ms,cpu_seconds_per_second,copied_kb,changed_kb,allocations,"
             "peak_mb,late_p50_ms,late_p95_ms,late_p99_ms,lost\n";
  }
  void add(const Axis& axis, const Step& step, const Figures& row) {
    if (!file_.is_open() || !row.fault.empty()) return;
    const Case& c = step.wanted;
    file_ << axis.name << ',' << step.label << ',' << c.size.width << ',' << c.size.height << ','
          << c.faces << ',' << c.streams << ',' << row.element << ',' << row.caps << ','
          << row.frames;
    for (const double value :
         {row.faces, row.p50, row.p95, row.p99, row.cpu, row.copied, row.changed, row.allocations,
          row.peak, row.late50, row.late95, row.late99, row.lost}) {
      file_ << ',';
      if (value >= 0) file_ << value;
    }
    file_ << '\n';
  }

 private:
  std::ofstream file_;
};

// The pictures of the case measured last are kept.
const std::vector<cv::Mat>& pictures_of(const Case& wanted) {
  static std::vector<cv::Mat> kept;
  static int faces = -1;
  if (faces != wanted.faces || kept.front().size() != wanted.size) {
    kept.clear();
    kept = render_pictures(wanted.size, wanted.faces);
    faces = wanted.faces;
  }
  return kept;
}

std::vector<Figures> measure(const Axis& axis, const Step& step, const SweepOptions& options) {
  const auto& pictures = pictures_of(step.wanted);
  const bool streams = std::string(axis.name) == "streams";
  std::vector<std::unique_ptr<Runner>> runners;
  std::vector<Figures> rows;
  for (const Contender& contender : contenders()) {
    if (!axis.others && &contender - contenders().data() > 1) break;
    if (streams)
      rows.push_back(play_streams(contender, step.wanted, pictures, options.seconds));
    else
      runners.push_back(std::make_unique<Runner>(contender, step.wanted, pictures));
  }
  for (int round = 0; round < options.rounds; ++round)
    for (const auto& runner : runners)
      runner->run((options.frames + options.rounds - 1) / options.rounds,
                  1e3 * options.seconds / options.rounds);
  for (const auto& runner : runners) rows.push_back(runner->figures());
  return rows;
}

// --- Marks ---------------------------------------------------------------------------------------

// Shares of a core, and what a frame without faces may cost above identity.
void judge(const Axis& axis, const Step& step, const std::vector<Figures>& rows,
           std::vector<std::string>& marks) {
  const Figures &identity = rows.at(0), &ours = rows.at(1);
  if (ours.cpu < 0) return;
  const auto add = [&](const char* what, double value, double most, const char* unit) {
    char line[160];
    std::snprintf(line, sizeof line, "  %-52s %8.3g %s, mark %.3g: %s", what, value, unit, most,
                  value <= most ? "met" : "NOT MET");
    marks.emplace_back(line);
  };
  const std::string name = axis.name;
  if (name == "resolution" && step.label == "1920x1080")
    add("1080p30, one face", 100 * ours.cpu, 25, "% of a core");
  if (name == "resolution" && step.label == "3840x2160")
    add("2160p30, one face", 100 * ours.cpu, 50, "% of a core");
  if (name == "still")
    add(("still scene, no face, " + step.label).c_str(), 1e3 * ours.cpu / rate,
        1.3e3 * identity.cpu / rate + 0.5, "ms a frame");
  if (name == "streams" && step.label == "16")
    add("16 streams of 360p30, one face each, live", ours.lost, 0, "frames lost");
}

}  // namespace

const std::vector<std::string>& axes() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> result;
    for (const Axis& axis : table) result.emplace_back(axis.name);
    return result;
  }();
  return names;
}

void sweep(const SweepOptions& options) {
  // faceblur tries its broken default first, which OpenCV complains about.
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  const bool terminal = isatty(STDERR_FILENO) != 0;
  Csv csv(options.csv);
  const Bandwidth bandwidth = measure_bandwidth();
  std::printf("%u cores; one thread reads %.1f GB/s, copies %.1f GB/s\n",
              std::thread::hardware_concurrency(), bandwidth.read / 1e9, bandwidth.copy / 1e9);
  std::vector<std::string> marks;
  for (const Axis& axis : table) {
    if (std::ranges::find(options.axes, axis.name) == options.axes.end()) continue;
    const bool streams = std::string(axis.name) == "streams";
    print_head(axis, streams);
    for (const Step& step : axis.steps(options)) {
      if (terminal) std::fprintf(stderr, "\r%s %s ...", axis.name, step.label.c_str());
      const auto rows = measure(axis, step, options);
      if (terminal) std::fprintf(stderr, "\r\x1b[K");
      std::printf("%s\n", step.label.c_str());
      print(rows, streams);
      std::fflush(stdout);
      for (const Figures& row : rows) csv.add(axis, step, row);
      judge(axis, step, rows, marks);
      if (std::string(axis.name) == "still" || std::string(axis.name) == "resolution") {
        const double luma = static_cast<double>(step.wanted.size.area());
        std::printf("  to read its luma once takes %.3f ms\n", luma / bandwidth.read * 1e3);
      }
    }
  }
  std::printf(
      "\nms: CPU time of the streaming thread, a frame. cpu s/s: of all threads, for a second of\n"
      "video (%d frames), in the best round. copied: by memcpy and memmove in the streaming "
      "thread,\n"
      "or the frame where it comes out in other memory. allocs: of the streaming thread, a frame.\n"
      "late: after the frame was due at the input. A busy machine: look at the ratios.\n",
      rate);
  if (!marks.empty()) std::printf("\nMarks\n");
  for (const std::string& mark : marks) std::printf("%s\n", mark.c_str());
}

}  // namespace bench
