// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perturb/cae_filter.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "assets/average_face.h"
#include "faces/alignment.h"

namespace faceperturb {
namespace {

constexpr double largest_side = 1 << 14;  // of what is read around a face, luma pixels

// Video range, ITU-R BT.601.
const cv::Matx34f yuv_to_rgb{1.164F, 0,       1.596F,  -0.8742F,  //
                             1.164F, -0.392F, -0.813F, 0.5317F,   //
                             1.164F, 2.017F,  0,       -1.0856F};
const cv::Matx34f rgb_to_yuv{0.257F,  0.504F,  0.098F,  0.0627F,  //
                             -0.148F, -0.291F, 0.439F,  0.5020F,  //
                             0.439F,  -0.368F, -0.071F, 0.5020F};

void to_rgb(const cv::Mat& from, ColourModel colour, cv::Mat& rgb) {
  if (colour == ColourModel::gray)
    cv::cvtColor(from, rgb, cv::COLOR_GRAY2RGB);
  else if (colour == ColourModel::yuv)
    cv::transform(from, rgb, yuv_to_rgb);
  else
    from.copyTo(rgb);
  cv::min(cv::max(rgb, 0), 1, rgb);
}

cv::Mat from_rgb(const cv::Mat& rgb, ColourModel colour) {
  cv::Mat result;
  if (colour == ColourModel::gray)
    cv::cvtColor(rgb, result, cv::COLOR_RGB2GRAY);
  else if (colour == ColourModel::yuv)
    cv::transform(rgb, result, rgb_to_yuv);
  else
    result = rgb;
  return result;
}

// Carries the autoencoder's pixels into the frame.
Similarity placement(const Face& face) {
  const Similarity s = align(average_face().landmarks, face);
  const Point origin = s(cae_origin);
  return {s.a * cae_step, s.b * cae_step, origin.x, origin.y};
}

}  // namespace

void CaeFilter::apply(const FaceCells& face) {
  if (!autoencoder_) autoencoder_ = std::make_unique<Autoencoder>();
  const Similarity place = placement(face.face);
  // Its picture reaches further than the cells may.
  const double margin = std::clamp(0.5 * cae_size * place.scale(), 0.0, largest_side);
  read_patch(face.frame,
             area_of(face.frame, face.grid, face.cells, static_cast<int>(std::ceil(margin))),
             patch_);
  const cv::Matx23f matrix(place.a, -place.b, place.x0 - static_cast<float>(patch_.area.x), place.b,
                           place.a, place.y0 - static_cast<float>(patch_.area.y));
  // A larger face is made smooth first, so that no pixel is drawn that is not like its neighbours.
  const double sigma = 0.5 * place.scale();
  if (sigma > 0.5)
    cv::GaussianBlur(patch_.values, smooth_, {}, std::min(sigma, 100.0));
  else
    patch_.values.copyTo(smooth_);
  cv::Mat seen;
  cv::warpAffine(smooth_, seen, matrix, {cae_size, cae_size},
                 cv::INTER_LINEAR | cv::WARP_INVERSE_MAP, cv::BORDER_REPLICATE);
  const ColourModel colour = face.frame.format->colour;
  to_rgb(seen, colour, face_);
  autoencoder_->run(face_);
  cv::warpAffine(from_rgb(face_, colour), patch_.values, matrix, patch_.values.size(),
                 cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  write_patch(face.frame, face.grid, face.cells, patch_);
}

}  // namespace faceperturb
