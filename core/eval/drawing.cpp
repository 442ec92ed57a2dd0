// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/drawing.h"

#include <algorithm>
#include <array>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

namespace faceperturb::eval {
namespace {

constexpr int tile = 240;  // pixels
constexpr int caption = 22;

struct Colour {
  const char* name;
  cv::Scalar bgr;
};
const std::array<Colour, 6> colours{{{"red", {60, 60, 230}},
                                     {"green", {60, 180, 40}},
                                     {"blue", {230, 120, 30}},
                                     {"orange", {0, 150, 250}},
                                     {"violet", {220, 60, 170}},
                                     {"black", {30, 30, 30}}}};

Figure figure_of(const cv::Mat& picture, std::string title, std::string note) {
  std::vector<std::uint8_t> bytes;
  cv::imencode(".jpg", picture, bytes, {cv::IMWRITE_JPEG_QUALITY, 90});
  return {std::move(title), std::move(note), "image/jpeg", {bytes.begin(), bytes.end()}};
}

cv::Mat scaled(const cv::Mat& picture) {
  const double zoom = static_cast<double>(tile) / std::max(picture.cols, picture.rows);
  cv::Mat small, square(tile, tile, CV_8UC3, cv::Scalar::all(255));
  cv::resize(picture, small, {}, zoom, zoom, zoom < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
  small.copyTo(square(cv::Rect({(tile - small.cols) / 2, (tile - small.rows) / 2}, small.size())));
  return square;
}

cv::Mat with_boxes(const cv::Mat& picture, const std::vector<std::vector<Detection>>& found) {
  const double zoom = static_cast<double>(tile) / std::max(picture.cols, picture.rows);
  cv::Mat result;
  cv::resize(picture, result, {}, zoom, zoom, zoom < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
  for (std::size_t d = 0; d < found.size(); ++d)
    for (const Detection& face : sure_ones(found[d])) {
      const Rect& b = face.box;
      const cv::Rect2d box(b.x * zoom, b.y * zoom, b.width * zoom, b.height * zoom);
      cv::rectangle(result, box, colours[d % colours.size()].bgr, 2);
    }
  return scaled(result);
}

cv::Mat captioned(const cv::Mat& picture, const std::string& text) {
  cv::Mat result;
  cv::copyMakeBorder(scaled(picture), result, 0, caption, 0, 0, cv::BORDER_CONSTANT,
                     cv::Scalar::all(255));
  cv::putText(result, text, {4, tile + caption - 7}, cv::FONT_HERSHEY_SIMPLEX, 0.45,
              cv::Scalar::all(20), 1, cv::LINE_AA);
  return result;
}

}  // namespace

Figure draw_detections(const Study& study, const Variant& variant) {
  const auto& pictures = study.pictures();
  const std::size_t count = std::min<std::size_t>(4, pictures.size());
  std::vector<cv::Mat> above, below;
  for (std::size_t i = 0; i < count; ++i) {
    const ClearPicture& picture = pictures[i * pictures.size() / count];
    above.push_back(with_boxes(study.clear(picture), picture.look.detections));
    const cv::Mat changed = study.protect(picture, variant);
    below.push_back(with_boxes(changed, study.detect(picture, changed)));
  }
  cv::Mat rows[2], all;
  cv::hconcat(above, rows[0]);
  cv::hconcat(below, rows[1]);
  cv::vconcat(rows, 2, all);
  std::string key;
  for (std::size_t d = 0; d < study.detectors().size(); ++d) {
    if (d > 0) key += ", ";
    key += study.detectors()[d];
    key += ' ';
    key += colours[d % colours.size()].name;
  }
  return figure_of(all, "Detections before and after " + variant.name(),
                   "Figures 3 and 4 of the paper. Boxes, brought to brows to chin: " + key + ".");
}

Figure draw_panel(const Study& study, const std::vector<Variant>& variants) {
  constexpr std::size_t across = 4;
  const ClearPicture& picture = study.pictures().front();
  std::vector<cv::Mat> tiles{captioned(study.clear(picture), "clear")};
  for (const Variant& variant : variants)
    tiles.push_back(captioned(study.protect(picture, variant), variant.method));
  while (tiles.size() % across != 0)
    tiles.emplace_back(tiles[0].size(), CV_8UC3, cv::Scalar::all(255));
  std::vector<cv::Mat> rows;
  for (std::size_t i = 0; i < tiles.size(); i += across)
    cv::hconcat(tiles.data() + i, across, rows.emplace_back());
  cv::Mat all;
  cv::vconcat(rows, all);
  return figure_of(all, "The methods on one face, " + variants.front().area,
                   "Figure 5 of the paper.");
}

Figure draw_average(const cv::Mat& average) {
  return figure_of(average, "The average face of the set",
                   "Aligned, grey; origin of the eigenfaces.");
}

}  // namespace faceperturb::eval
