// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <dlib/dnn.h>

#include <algorithm>
#include <array>
#include <opencv2/core.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "perturb/cae.h"

/// The network behind cae.h and the file of its weights; for cae.cpp and for its trainer only,
/// since dlib's templates take long to compile.
namespace faceperturb::cae {

template <long maps, int stride, typename Below>
using Conv = dlib::add_layer<dlib::con_<maps, 3, 3, stride, stride, 1, 1>, Below>;
template <long maps, typename Below>
using Down = dlib::leaky_relu<Conv<maps, 2, Below>>;
template <long maps, typename Below>
using Up = dlib::leaky_relu<Conv<maps, 1, dlib::upsample<2, Below>>>;

/// How many numbers are left of a face: few, so that little is left of whose it is.
inline constexpr long code_size = 16;

using Picture = std::array<dlib::matrix<float>, 3>;  ///< Red, green and blue, 0 .. 1.
using Input = dlib::avg_pool<2, 2, 2, 2, dlib::input<Picture>>;
using Code = dlib::fc<code_size, Down<32, Down<24, Down<16, Input>>>>;
using Decoder = Up<8, dlib::extract<0, 12, 16, 16, dlib::leaky_relu<dlib::fc<12 * 16 * 16, Code>>>>;
using Net = dlib::loss_mean_squared_per_channel_and_pixel<
    3, dlib::sig<Conv<3, 1, dlib::upsample<2, Decoder>>>>;

/// Gives every layer of a new network the size of its parameters: a network does so at its first
/// run only.
inline void allocate(Net& net) {
  Picture blank;
  blank.fill(dlib::zeros_matrix<float>(cae_size, cae_size));
  net(blank);
}

/// A file of weights: text, an empty line, then the parameters of the layers as float16, low byte
/// first. `text` says where they come from and has no empty line.
inline std::string write_weights(Net& net, const std::string& text) {
  std::string file = text + "\n\n";
  dlib::visit_layer_parameters(net, [&file](dlib::tensor& layer) {
    for (const float weight : layer) {
      const unsigned bits = cv::float16_t(weight).bits();
      file += static_cast<char>(bits & 0xFF);
      file += static_cast<char>(bits >> 8);
    }
  });
  return file;
}

/// Throws std::runtime_error where the file is not of a network of this shape.
inline void read_weights(Net& net, std::span<const unsigned char> file) {
  allocate(net);
  constexpr std::string_view end_of_text = "\n\n";
  auto at = std::ranges::search(file, end_of_text).end();
  if (file.end() - at != 2 * static_cast<std::ptrdiff_t>(dlib::count_parameters(net)))
    throw std::runtime_error("the weights of the face autoencoder are not of this network");
  dlib::visit_layer_parameters(net, [&at](dlib::tensor& layer) {
    for (float& weight : layer) {
      const unsigned bits = at[0] | static_cast<unsigned>(at[1]) << 8;
      weight = static_cast<float>(cv::float16_t::fromBits(static_cast<ushort>(bits)));
      at += 2;
    }
  });
}

}  // namespace faceperturb::cae
