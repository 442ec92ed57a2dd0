// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <opencv2/core.hpp>

#include "faces/geometry.h"

namespace faceperturb {

/// The side of the picture of a face that the autoencoder takes and gives, in pixels.
inline constexpr int cae_size = 64;

/// Where that picture lies: its pixel (x, y) shows what average_face().bgr shows at
/// cae_origin + cae_step * (x, y). A face comes there by the similarity that carries its 68
/// landmarks onto average_face().landmarks with the least squared error. The picture shows the
/// forehead, brows to chin, and ear to ear, with a little around them.
inline constexpr Point cae_origin{60.25F, 227};
inline constexpr float cae_step = 9.5F;

/// A convolutional autoencoder with a narrow code. What it decodes is a smooth face in the shape of
/// the average face, looking straight ahead, in the colours and the light of the one that was
/// given; what was behind that one comes out plain.
///
/// Trained by faceperturb-train-cae on the Face Research Lab London Set, Lisa DeBruine and Benedict
/// Jones, CC BY 4.0, https://doi.org/10.6084/m9.figshare.5047666.
///
/// One object serves one thread at a time; objects share nothing.
class Autoencoder {
 public:
  /// Decodes weights that are part of the library. Throws std::runtime_error if they do not fit.
  Autoencoder();
  ~Autoencoder();
  Autoencoder(Autoencoder&&) noexcept;
  Autoencoder& operator=(Autoencoder&&) noexcept;

  /// Replaces a face by its reconstruction, in place. CV_32FC3, RGB, 0 .. 1, cae_size x cae_size,
  /// any row step; else std::invalid_argument is thrown. Deterministic: same face, same result.
  void run(cv::Mat& face);

 private:
  struct Net;
  std::unique_ptr<Net> net_;
};

}  // namespace faceperturb
