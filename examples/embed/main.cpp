// SPDX-License-Identifier: LGPL-2.1-or-later

// The library without GStreamer: protects the faces of a video, or of one picture, that OpenCV
// reads. A program of one's own is built like this one:
//
//     g++ -std=c++20 main.cpp $(pkg-config --cflags --libs faceperturb opencv4)

#include <faces/detector.h>
#include <faces/landmarks.h>
#include <frame/format.h>
#include <guard/lookahead.h>
#include <protector.h>
#include <version.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/videoio.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace fp = faceperturb;

namespace {

struct Options {
  std::string input;
  std::string output;
  std::string landmark_model = "/usr/share/dlib/shape_predictor_68_face_landmarks.dat";
  fp::Settings settings;
};

// Takes frames in and gives them back protected, in the same order, `guard.lookahead` frames later.
class Stream {
 public:
  Stream(const Options& options, const fp::Lookahead::Options& guard)
      : settings_(options.settings),
        lookahead_(fp::detector_info(fp::DetectorKind::automatic).make(""),
                   fp::LandmarkPredictor(options.landmark_model), guard) {}

  // `time` must grow from frame to frame.
  void push(const cv::Mat& bgr, fp::Lookahead::Time time) {
    // The queue owns its frames: what a capture returns may be overwritten by the next.
    waiting_.push_back(bgr.clone());
    const fp::Frame frame = view(waiting_.back());
    lookahead_.push(luma_.read(frame), time, fp::default_min_face_size(frame.width, frame.height));
  }

  // No more frames come: all that wait may leave.
  void finish() {
    lookahead_.finish();
    finished_ = true;
  }

  bool ready() const {
    const auto behind = static_cast<std::size_t>(lookahead_.options().lookahead);
    return waiting_.size() > (finished_ ? 0 : behind);
  }

  // The oldest frame, protected. One that could not be checked is black, and the verdict says why.
  cv::Mat pop(fp::Verdict& verdict) {
    verdict = lookahead_.pop();
    cv::Mat bgr = std::move(waiting_.front());
    waiting_.pop_front();
    protector_.protect(view(bgr), verdict, settings_);
    return bgr;
  }

 private:
  static fp::Frame view(cv::Mat& bgr) {
    fp::Frame frame{&fp::format_info(fp::PixelFormat::bgr), bgr.cols, bgr.rows, {}};
    frame.planes[0] = {bgr.data, static_cast<std::ptrdiff_t>(bgr.step)};
    return frame;
  }

  const fp::Settings settings_;
  fp::Lookahead lookahead_;
  fp::Protector protector_;
  fp::LumaReader luma_;
  std::deque<cv::Mat> waiting_;
  bool finished_ = false;
};

struct Counts {
  int frames = 0;
  std::size_t faces = 0;
  int covered = 0;

  void add(const fp::Verdict& verdict) {
    ++frames;
    faces += verdict.faces.size();
    if (verdict.state != fp::FrameState::covered) return;
    if (++covered == 1) std::fprintf(stderr, "a frame is covered: %s\n", verdict.fault.c_str());
  }
};

Counts protect_picture(const Options& options) {
  const cv::Mat picture = cv::imread(options.input, cv::IMREAD_COLOR);
  if (picture.empty())
    throw std::runtime_error("'" + options.input + "' is damaged: OpenCV cannot decode it");
  // The detector searches in turns, for frontal faces and for profiles; what a later look finds
  // protects the first frame as well.
  constexpr int looks = 4;
  Stream stream(options, {.detect_interval = 1, .lookahead = looks - 1});
  for (int look = 0; look < looks; ++look)
    stream.push(picture, std::chrono::milliseconds(40 * look));
  stream.finish();
  fp::Verdict verdict;
  const cv::Mat outcome = stream.pop(verdict);
  if (!cv::haveImageWriter(options.output) || !cv::imwrite(options.output, outcome))
    throw std::runtime_error("'" + options.output +
                             "' cannot be written: name a .png or .jpg in a folder that exists");
  Counts counts;
  counts.add(verdict);
  return counts;
}

Counts protect_video(const Options& options) {
  cv::VideoCapture capture(options.input, cv::CAP_FFMPEG);
  if (!capture.isOpened())
    throw std::runtime_error("'" + options.input +
                             "' cannot be read: it is missing, or no video that FFmpeg knows");
  double rate = capture.get(cv::CAP_PROP_FPS);
  if (!(rate > 0)) rate = 25;
  cv::VideoWriter writer;
  Stream stream(options, {});
  Counts counts;
  const auto write_ready = [&] {
    while (stream.ready()) {
      fp::Verdict verdict;
      const cv::Mat bgr = stream.pop(verdict);
      if (counts.frames == 0 &&
          !writer.open(options.output, cv::CAP_FFMPEG, cv::VideoWriter::fourcc('m', 'p', '4', 'v'),
                       rate, bgr.size()))
        throw std::runtime_error("'" + options.output +
                                 "' cannot be written: name a .mp4 in a folder that exists");
      writer.write(bgr);
      counts.add(verdict);
    }
  };
  cv::Mat frame;
  for (int number = 0; capture.read(frame); ++number) {
    stream.push(frame, fp::Lookahead::Time(std::llround(1e9 * number / rate)));
    write_ready();
  }
  stream.finish();
  write_ready();
  if (counts.frames == 0)
    throw std::runtime_error("'" + options.input + "' is damaged: it has no frame that decodes");
  return counts;
}

Options parse(const std::vector<std::string>& arguments) {
  Options options;
  std::vector<std::string> files;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument != "--method" && argument != "--landmark-model") {
      files.push_back(argument);
      continue;
    }
    if (++i == arguments.size()) throw std::runtime_error(argument + " needs a value");
    if (argument == "--landmark-model") {
      options.landmark_model = arguments[i];
      continue;
    }
    std::string names;
    bool known = false;
    for (const fp::MethodInfo& method : fp::methods()) {
      names.append(" ").append(method.name);
      if (method.name != arguments[i]) continue;
      options.settings.method = method.method;
      known = true;
    }
    if (!known) throw std::runtime_error("--method is one of" + names);
  }
  if (files.size() != 2)
    throw std::runtime_error(
        "faceperturb " FACEPERTURB_VERSION
        ", without GStreamer\nusage: faceperturb-embed [--method NAME] [--landmark-model FILE] "
        "IN OUT\n  a picture into a .png or .jpg, or a video into a .mp4");
  options.input = files[0];
  options.output = files[1];
  std::error_code none;
  if (!std::filesystem::is_regular_file(options.input, none))
    throw std::runtime_error("there is no file '" + options.input + "'");
  if (std::filesystem::equivalent(options.input, options.output, none))
    throw std::runtime_error("IN and OUT are the same file");
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Options options = parse({argv + 1, argv + argc});
    const Counts counts =
        cv::haveImageReader(options.input) ? protect_picture(options) : protect_video(options);
    std::printf("%d frames, %zu faces, %d covered\n", counts.frames, counts.faces, counts.covered);
    return 0;
  } catch (const fp::ModelError& error) {
    std::fprintf(stderr,
                 "faceperturb-embed: %s\n  Debian's packages libdlib-data and opencv-data"
                 " have the models; --landmark-model names another.\n",
                 error.what());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "faceperturb-embed: %s\n", error.what());
  }
  return 1;
}
