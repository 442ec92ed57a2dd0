// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <filesystem>
#include <opencv2/core.hpp>
#include <random>
#include <vector>

#include "make_average_shape.h"

/// The faces that faceperturb-train-cae shows to the network: CV_32FC3, RGB 0 .. 1, where cae.h
/// wants them.
namespace faceperturb::cae {

/// One picture of a person, brought to the place of the average face, with room around it.
struct TrainingFace {
  cv::Mat4f picture;      ///< RGB 0 .. 1, and how much of the pixel is person.
  average::Shape points;  ///< The 68 landmarks, in pixels of the network's picture.
  cv::Mat4f even;         ///< The network's picture with the landmarks of the average face.
};

/// Everybody of the set, neutral and smiling.
struct People {
  std::vector<TrainingFace> training;
  std::vector<TrainingFace> validation;  ///< Four people of whom the training has no picture.
};

/// `model`: a 68-point shape predictor of dlib, which says where the faces are. Throws
/// std::runtime_error, naming the file that is missing or broken.
People read_people(const std::filesystem::path& london, const std::filesystem::path& model);

/// The face as it is.
cv::Mat3f plain(const TrainingFace& face);

/// What the network is given and what it should answer.
struct Example {
  cv::Mat3f given, wanted;
};

/// A face that nobody has: a blend of two people of the training. Given: turned, tilted, blurred,
/// noisy and before a backdrop. Wanted: the same in the shape of the average face, which keeps what
/// is decoded sharp and the person's own shape out of it. The light is the same in both. Same
/// people and state of `random`: same example.
Example draw(const People& people, std::mt19937& random);

}  // namespace faceperturb::cae
