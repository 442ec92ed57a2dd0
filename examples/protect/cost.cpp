// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cost.h"

#include <gst/pbutils/pbutils.h>

#include <algorithm>
#include <memory>
#include <numeric>

#include "common/gst_ptr.h"
#include "file_state.h"
#include "formats.h"

namespace protect {

using examples::Ptr;

namespace {

// Seconds of one core, measured on 46 files of 10 kB to 2 MB with default options; only their
// ratios matter. Videos with the same number of pixels differ by up to 8, by what is seen in them.
// A large picture is searched in a smaller size.
constexpr double per_video = 1, per_pixel = 1.2e-7, per_video_byte = 2e-6;
constexpr double per_picture = 0.3, per_picture_byte = 1.2e-5, large_picture = 1.3;
constexpr double usual_rate = 25;  // frames a second

struct Unref {
  void operator()(gpointer object) const { g_object_unref(object); }
};

// Pixels in all frames of a video; 0 where that cannot be told.
double pixels_in(const std::filesystem::path& file) {
  const std::unique_ptr<GstDiscoverer, Unref> discoverer(
      gst_discoverer_new(10 * GST_SECOND, nullptr));
  const Ptr<gchar> uri(gst_filename_to_uri(file.c_str(), nullptr));
  if (!discoverer || !uri) return 0;
  const std::unique_ptr<GstDiscovererInfo, Unref> info(
      gst_discoverer_discover_uri(discoverer.get(), uri.get(), nullptr));
  if (!info) return 0;
  GList* streams = gst_discoverer_info_get_video_streams(info.get());
  double pixels = 0;
  if (streams) {
    const auto* video = GST_DISCOVERER_VIDEO_INFO(streams->data);
    const double above = gst_discoverer_video_info_get_framerate_num(video),
                 below = gst_discoverer_video_info_get_framerate_denom(video);
    const double length = static_cast<double>(gst_discoverer_info_get_duration(info.get())) /
                          static_cast<double>(GST_SECOND);
    pixels = length * (above > 0 && below > 0 ? above / below : usual_rate) *
             gst_discoverer_video_info_get_width(video) *
             gst_discoverer_video_info_get_height(video);
  }
  gst_discoverer_stream_info_list_free(streams);
  return pixels;
}

}  // namespace

double estimate(const std::filesystem::path& file) {
  const auto bytes = static_cast<double>(state_of(file).value_or(FileState{}).bytes);
  if (names_picture(file)) return per_picture + std::min(bytes * per_picture_byte, large_picture);
  const double pixels = pixels_in(file);
  return per_video + (pixels > 0 ? pixels * per_pixel : bytes * per_video_byte);
}

std::vector<std::size_t> divide(const std::vector<double>& costs, std::size_t parts) {
  std::vector<std::size_t> order(costs.size()), part(costs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](auto a, auto b) { return costs[a] > costs[b]; });
  std::vector<double> work(parts, 0.0);
  for (const std::size_t i : order) {
    part[i] = static_cast<std::size_t>(std::ranges::min_element(work) - work.begin());
    work[part[i]] += costs[i];
  }
  return part;
}

}  // namespace protect
