// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <dlib/image_processing.h>
#include <dlib/image_processing/frontal_face_detector.h>

#include <filesystem>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "make_average_shape.h"

/// The Face Research Lab London Set: Lisa DeBruine and Benedict Jones, CC BY 4.0,
/// https://doi.org/10.6084/m9.figshare.5047666. Functions throw std::runtime_error, naming the
/// file.
namespace faceperturb::average {

/// The picture of average_face().
inline constexpr int kWidth = 720;
inline constexpr int kHeight = 960;

/// One picture and the 189 points of its template, in pixels.
struct Sample {
  std::filesystem::path picture;
  Shape points;
};

/// The pictures of a folder of the set that have a template (.tem): the number of points, one
/// "x y" a line in picture pixels, then the lines that join them, which are not needed here.
/// At least 10, sorted by name.
std::vector<Sample> find_samples(const std::filesystem::path& dir);

/// A picture, BGR.
cv::Mat3b read_picture(const std::filesystem::path& path);

/// Every picture (.jpg) of a folder of the set, sorted by name.
std::vector<std::filesystem::path> find_pictures(const std::filesystem::path& dir);

/// The mean of the samples made symmetric, in pixels of average_face().
Shape average_shape(const std::vector<Sample>& samples);

inline constexpr const char* kLandmarkModel =
    "/usr/share/dlib/shape_predictor_68_face_landmarks.dat";

/// Finds the 68 landmarks (iBUG order) of the one face that a picture (CV_8UC3, BGR) shows.
class LandmarkFinder {
 public:
  /// `model`: a 68-point shape predictor of dlib.
  explicit LandmarkFinder(const std::filesystem::path& model);
  /// Throws std::runtime_error, with `name`, where there is not one face.
  Shape operator()(const cv::Mat& picture, const std::string& name);

 private:
  dlib::frontal_face_detector detector_ = dlib::get_frontal_face_detector();
  dlib::shape_predictor predictor_;
};

/// How much of each pixel of a picture of the set is person: 1 inside, 0 on the plain backdrop,
/// whose slow gradient is fitted from the upper and outer parts.
cv::Mat1f matte(const cv::Mat3f& picture);

/// 16 points around a box: ends for a warp.
Shape border(const cv::Rect2d& box);

/// For each pixel of a picture of `size`, where it comes from: triangle by triangle, from `shape`
/// (in this picture) to `source`. (-1, -1) outside of all triangles.
cv::Mat2f warp_map(const Triangles& triangles, const Shape& shape, const Shape& source,
                   cv::Size size);

}  // namespace faceperturb::average
