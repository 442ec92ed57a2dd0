// SPDX-License-Identifier: LGPL-2.1-or-later
//
// faceperturb-train-cae LONDON_DIR OUT [LANDMARK_MODEL [STEPS]]
//
// Trains the autoencoder of core/perturb/cae.h on the Face Research Lab London Set and writes its
// weights. Four people are held out; how well they are reconstructed is printed.

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <numbers>
#include <random>
#include <stdexcept>
#include <vector>

#include "cae_faces.h"
#include "london.h"
#include "perturb/cae_net.h"

namespace fs = std::filesystem;

namespace {

using namespace faceperturb;

constexpr unsigned kSeed = 20;
constexpr int kSteps = 4000;
constexpr size_t kBatch = 16;
constexpr double kFirstRate = 2e-3, kLastRate = 1e-5;
constexpr int kReport = 200;  // steps
constexpr const char* kText =
    "Weights of the face autoencoder of faceperturb, made by faceperturb-train-cae.\n"
    "Adapted from: Face Research Lab London Set, Lisa DeBruine and Benedict Jones, CC BY 4.0,\n"
    "https://doi.org/10.6084/m9.figshare.5047666";

cae::Picture planes(const cv::Mat3f& picture) {
  cae::Picture result;
  for (int c = 0; c < 3; ++c) {
    auto& plane = result[static_cast<size_t>(c)];
    plane.set_size(picture.rows, picture.cols);
    for (int y = 0; y < picture.rows; ++y)
      for (int x = 0; x < picture.cols; ++x) plane(y, x) = picture(y, x)[c];
  }
  return result;
}

// Mean PSNR of the reconstructions against the pictures themselves, in dB: what the change of shape
// costs is part of it.
double psnr(cae::Net& net, const std::vector<cae::TrainingFace>& faces) {
  double sum = 0;
  for (const auto& face : faces) {
    const cae::Picture truth = planes(cae::plain(face));
    const cae::Picture& found = net(truth);
    double error = 0;
    for (size_t c = 0; c < 3; ++c) error += dlib::mean(dlib::squared(truth[c] - found[c])) / 3;
    sum -= 10 * std::log10(error);
  }
  return sum / static_cast<double>(faces.size());
}

void train(cae::Net& net, const cae::People& people, int steps) {
  std::mt19937 random(kSeed);
  std::vector<dlib::adam> solvers(cae::Net::num_computational_layers, dlib::adam(0, 0.9F, 0.999F));
  dlib::resizable_tensor given;
  double loss = 0;
  for (int step = 1; step <= steps; ++step) {
    std::vector<cae::Picture> pictures, wanted;
    for (size_t i = 0; i < kBatch; ++i) {
      const cae::Example example = cae::draw(people, random);
      pictures.push_back(planes(example.given));
      wanted.push_back(planes(example.wanted));
    }
    net.to_tensor(pictures.begin(), pictures.end(), given);
    loss += net.compute_parameter_gradients(given, wanted.begin());
    const double left = (1 + std::cos(std::numbers::pi * step / steps)) / 2;
    net.update_parameters(solvers, kLastRate + (kFirstRate - kLastRate) * left);
    if (step % kReport == 0 || step == steps) {
      std::cerr << "step " << step << " of " << steps << ": loss "
                << loss / ((step - 1) % kReport + 1) << ", PSNR " << std::setprecision(4)
                << psnr(net, people.training) << " dB, held out " << psnr(net, people.validation)
                << " dB\n";
      loss = 0;
    }
  }
}

void run(const fs::path& london, const fs::path& out, const fs::path& model, int steps) {
  const fs::path folder = fs::absolute(out).parent_path();
  if (!fs::is_directory(folder)) throw std::runtime_error(folder.string() + ": no such folder");
  const cae::People people = cae::read_people(london, model);
  std::cerr << people.training.size() << " pictures, " << people.validation.size() << " held out\n";
  std::srand(kSeed);  // dlib's layers start from it
  cae::Net net;
  train(net, people, steps);
  const std::string file = cae::write_weights(net, kText);
  std::ofstream stream(out, std::ios::binary);
  if (!stream.write(file.data(), static_cast<std::streamsize>(file.size())).flush())
    throw std::runtime_error(out.string() + ": cannot be written");
  std::cerr << file.size() << " bytes written to " << out.string() << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  const int steps = argc > 4 ? std::atoi(argv[4]) : kSteps;
  if (argc < 3 || argc > 5 || steps < 1) {
    std::cerr << "usage: faceperturb-train-cae LONDON_DIR OUT [LANDMARK_MODEL [STEPS]]\n";
    return 2;
  }
  try {
    run(argv[1], argv[2], argc > 3 ? argv[3] : average::kLandmarkModel, steps);
  } catch (const std::exception& error) {
    std::cerr << "faceperturb-train-cae: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
