// SPDX-License-Identifier: LGPL-2.1-or-later
#include "faces/dnn.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <opencv2/imgproc.hpp>

#include "faces/face_net.h"
#include "faces/picture.h"

namespace faceperturb {
namespace {

namespace fs = std::filesystem;

constexpr float min_score = 0.25F;
constexpr float sure_score = 0.5F;  // less counts in the dark, and must be seen again there
constexpr int multiple = 32;        // that the sides of an input are of
constexpr double least_face = 16;   // pixels of the input, which these nets find
constexpr int least_input = 256;    // its larger side: nets lose any face in tiny inputs

// A network on luma.
class DnnDetector final : public Detector {
 public:
  explicit DnnDetector(const std::string& model) : net_(model) {}

  std::vector<Detection> detect(const Picture& source, int min_face_size) override {
    const cv::Mat& picture = source.luma();
    const cv::Size input = net_.kind() == FaceNet::Kind::ssd
                               ? net_.input()
                               : input_size(picture.size(), min_face_size);
    // The whole picture at the top left of the input, its shape kept.
    const double zoom = std::min(input.width / static_cast<double>(picture.cols),
                                 input.height / static_cast<double>(picture.rows));
    cv::Mat scaled, canvas = cv::Mat::zeros(input, CV_8UC1), colour;
    cv::resize(picture, scaled, {}, zoom, zoom, zoom < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
    const cv::Rect area = cv::Rect({}, scaled.size()) & cv::Rect({}, input);
    scaled(area).copyTo(canvas(area));
    cv::cvtColor(canvas, colour, cv::COLOR_GRAY2BGR);

    std::vector<Detection> faces;
    const auto back = static_cast<float>(1 / zoom);
    for (Detection& face : net_.detect(colour, source.dark() ? min_score : sure_score)) {
      face.box = brows_to_chin(
          {face.box.x * back, face.box.y * back, face.box.width * back, face.box.height * back});
      if (face.points)
        for (Point& p : *face.points) p = {p.x * back, p.y * back};
      face.sure = face.score >= sure_score;
      faces.push_back(face);
    }
    return faces;
  }

 private:
  // Large enough that a face of `min_face_size` is found, and no larger: nets of this kind lose
  // large faces in large inputs.
  static cv::Size input_size(cv::Size picture, int min_face_size) {
    const double zoom = std::min(1.0, least_face / min_face_size);
    const auto side = [&](int length) {
      const int wanted = static_cast<int>(std::ceil(length * zoom));
      return std::max(1, (wanted + multiple - 1) / multiple) * multiple;
    };
    const cv::Size size(side(picture.width), side(picture.height));
    if (std::max(size.width, size.height) >= least_input) return size;
    const double grow = static_cast<double>(least_input) / std::max(picture.width, picture.height);
    const auto grown = [&](int length) {
      return std::max(1, static_cast<int>(std::ceil(length * grow)) / multiple) * multiple;
    };
    return {grown(picture.width), grown(picture.height)};
  }

  FaceNet net_;
};

}  // namespace

std::unique_ptr<Detector> make_dnn_detector(const std::string& model) {
  if (model.empty()) throw ModelError("no file is set, and the detector needs one");
  if (!fs::is_regular_file(model)) throw ModelError("'" + model + "' does not exist");
  const std::string extension = fs::path(model).extension();
  std::unique_ptr<Detector> detector;
  try {
    if (extension == ".cfg" || extension == ".weights" || extension == ".onnx")
      detector = std::make_unique<DnnDetector>(model);
    else if (extension == ".dat")
      detector = make_mmod_detector(model);
    else
      throw ModelError("'" + model + "' is none of .cfg, .weights, .onnx, .dat");
    // A net that cannot run must not be noticed by the first frame.
    const std::vector<std::uint8_t> grey(320 * 240, 128);
    detector->detect(Picture({grey.data(), 320, 240, 320}), 40);
  } catch (const ModelError&) {
    throw;
  } catch (const std::exception&) {
    throw ModelError("'" + model + "' is not a face detector of a known kind, or is damaged");
  }
  return detector;
}

}  // namespace faceperturb
