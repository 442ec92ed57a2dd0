// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perturb/filters.h"

#include <cmath>
#include <opencv2/imgproc.hpp>

#include "frame/patch.h"
#include "perturb/workspace.h"

namespace faceperturb {
namespace {

// Changes the cells by way of a patch around them: `change(patch)`.
template <typename Change>
void through_patch(const FaceCells& face, Workspace& workspace, int margin, int multiple,
                   Change change) {
  Patch& patch = workspace.patch;
  read_patch(face.frame, area_of(face.frame, face.grid, face.cells, margin, multiple), patch);
  change(patch);
  write_patch(face.frame, face.grid, face.cells, patch);
}

}  // namespace

void occlude(const FaceCells& face, const ParameterValues&, RandomStream&, Workspace&) {
  cover(face.frame, face.grid, face.cells);
}

void noise(const FaceCells& face, const ParameterValues& parameters, RandomStream& random,
           Workspace& workspace) {
  through_patch(face, workspace, 0, 1, [&](Patch& patch) {
    cv::RNG normal((std::uint64_t{random.next()} << 32) | random.next());
    cv::Mat added(patch.values.size(), patch.values.type());
    normal.fill(added, cv::RNG::NORMAL, 0, parameters[Parameter::noise_sigma]);
    patch.values += added;
  });
}

void superpixel(const FaceCells& face, const ParameterValues& parameters, RandomStream&,
                Workspace& workspace) {
  // Tiles of the frame, not of the face: they stand still.
  const int size = static_cast<int>(parameters[Parameter::superpixel_size]);
  through_patch(face, workspace, 0, size, [&](Patch& patch) {
    const cv::Rect whole({}, patch.values.size());
    // The patch begins on a tile, or up to a chroma unit before one.
    for (int y = -(patch.area.y % size); y < whole.height; y += size) {
      for (int x = -(patch.area.x % size); x < whole.width; x += size) {
        cv::Mat tile = patch.values(cv::Rect(x, y, size, size) & whole);
        tile.setTo(cv::mean(tile));
      }
    }
  });
}

void blur(const FaceCells& face, const ParameterValues& parameters, RandomStream&,
          Workspace& workspace) {
  const double sigma = parameters[Parameter::blur_sigma] * face.face.box.width;
  if (!(sigma > 0.1)) return;
  const int margin = static_cast<int>(std::ceil(3 * std::min(sigma, 1e3)));
  through_patch(face, workspace, margin, 1, [&](Patch& patch) {
    cv::GaussianBlur(patch.values, patch.values, {}, sigma, sigma, cv::BORDER_REPLICATE);
  });
}

}  // namespace faceperturb
