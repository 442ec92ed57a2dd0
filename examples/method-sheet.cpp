// SPDX-License-Identifier: LGPL-2.1-or-later

// Draws people against methods: what each method makes of each face. Without pictures the people
// are those of the synthetic scene, who do not exist.

#include <glib.h>

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "common/command.h"
#include "common/gst_ptr.h"
#include "eval/scene.h"
#include "faces/landmarks.h"
#include "guard/lookahead.h"
#include "protector.h"

using namespace faceperturb;
using examples::Failure;
using examples::Ptr;

namespace {

const cv::Size person_size(180, 180);
constexpr int people = 6;
constexpr int heading = 24;

struct Options {
  Regions regions = Regions::face;
  std::vector<std::string> files;  // the sheet, then pictures
};

Regions regions_of(const std::string& names) {
  Regions regions{};
  for (std::size_t begin = 0; begin <= names.size();) {
    const std::size_t end = std::min(names.find('+', begin), names.size());
    const auto part = names.substr(begin, end - begin);
    const auto table = region_table();
    const auto found = std::ranges::find(table, part, &RegionInfo::name);
    if (found == table.end()) throw Failure("--regions: there is no '" + part + "'");
    regions = regions | found->region;
    begin = end + 1;
  }
  return regions;
}

Options parse(int& argc, char**& argv) {
  Options options;
  gchar* regions = nullptr;
  gchar** files = nullptr;
  const GOptionEntry entries[] = {
      {"regions", 'r', 0, G_OPTION_ARG_STRING, &regions, "As eyes+nose+mouth; default face", "R"},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &files, nullptr, nullptr},
      {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr}};
  examples::parse_options("SHEET.jpg|.png [PICTURE...]",
                          "Draws what each method makes of each person's face.", entries, argc,
                          argv, false);
  const Ptr<gchar> owned_regions(regions);
  for (gchar** file = files; file && *file; ++file) options.files.emplace_back(*file);
  g_strfreev(files);
  if (options.files.empty()) throw Failure("the file of the SHEET is needed; see --help");
  if (regions) options.regions = regions_of(regions);
  return options;
}

std::vector<cv::Mat> pictures_of(const Options& options) {
  std::vector<cv::Mat> pictures;
  for (std::size_t i = 1; i < options.files.size(); ++i) {
    pictures.push_back(cv::imread(options.files[i]));
    if (pictures.back().empty()) throw Failure("'" + options.files[i] + "' is no picture");
  }
  if (pictures.empty())
    for (int person = 0; person < std::min(people, eval::cast_size()); ++person)
      pictures.push_back(eval::render_portrait(person_size, person).bgr);
  return pictures;
}

// The pipeline of the element, on one picture.
class Sheet {
 public:
  explicit Sheet(Regions regions)
      : lookahead_(detector_info(DetectorKind::automatic).make({}),
                   LandmarkPredictor(LANDMARK_MODEL), {1, 0, {}}) {
    settings_.regions = regions;
  }

  cv::Mat row(const cv::Mat& bgr) {
    std::vector<cv::Mat> cells{bgr};
    for (const auto& method : methods()) cells.push_back(protect(bgr, method.method));
    for (cv::Mat& cell : cells) cv::resize(cell, cell, person_size, 0, 0, cv::INTER_AREA);
    cv::Mat row;
    cv::hconcat(cells, row);
    return row;
  }

  static cv::Mat headings() {
    cv::Mat line(heading, person_size.width * static_cast<int>(methods().size() + 1), CV_8UC3,
                 cv::Scalar::all(255));
    int x = 6;
    const auto write = [&](const std::string& text) {
      cv::putText(line, text, {x, heading - 7}, cv::FONT_HERSHEY_SIMPLEX, 0.5, {}, 1, cv::LINE_AA);
      x += person_size.width;
    };
    write("clear");
    for (const auto& method : methods()) write(std::string(method.name));
    return line;
  }

 private:
  cv::Mat protect(const cv::Mat& clear, Method method) {
    cv::Mat bgr = clear.clone();
    const Frame frame{&format_info(PixelFormat::bgr),
                      bgr.cols,
                      bgr.rows,
                      {Plane{bgr.data, static_cast<std::ptrdiff_t>(bgr.step)}}};
    lookahead_.reset();
    lookahead_.push(luma_.read(frame), std::chrono::nanoseconds(0),
                    default_min_face_size(bgr.cols, bgr.rows));
    lookahead_.finish();
    Verdict verdict = lookahead_.pop();
    settings_.method = method;
    protector_.protect(frame, verdict, settings_);
    return bgr;
  }

  Settings settings_;
  LumaReader luma_;
  Lookahead lookahead_;
  Protector protector_;
};

}  // namespace

int main(int argc, char** argv) {
  return examples::run_program("faceperturb-method-sheet", [&] {
    const Options options = parse(argc, argv);
    Sheet sheet(options.regions);
    std::vector<cv::Mat> rows{Sheet::headings()};
    for (const cv::Mat& picture : pictures_of(options)) rows.push_back(sheet.row(picture));
    cv::Mat whole;
    cv::vconcat(rows, whole);
    if (!cv::imwrite(options.files.front(), whole, {cv::IMWRITE_JPEG_QUALITY, 88}))
      throw Failure("'" + options.files.front() + "' cannot be written");
    return 0;
  });
}
