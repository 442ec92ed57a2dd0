// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/gst.h"

#include <gtest/gtest.h>

#include <cstring>
#include <opencv2/imgproc.hpp>
#include <stdexcept>

#include "support/faces.h"

namespace faceperturb::test {
namespace {

class Gst final : public testing::Environment {
 public:
  void SetUp() override { gst_init(nullptr, nullptr); }
};

[[maybe_unused]] const auto* const gst = testing::AddGlobalTestEnvironment(new Gst);

void convert(Mapped& from, Mapped& to) {
  const ConverterPtr converter(gst_video_converter_new(&from.frame.info, &to.frame.info, nullptr));
  if (!converter) throw std::runtime_error("GStreamer cannot convert the picture");
  gst_video_converter_frame(converter.get(), &from.frame, &to.frame);
}

}  // namespace

ElementPtr make_plain_element() {
  GstElement* element = gst_element_factory_make("faceperturb", nullptr);
  if (!element) throw std::runtime_error("no element faceperturb: check GST_PLUGIN_PATH");
  return ElementPtr(GST_ELEMENT(gst_object_ref_sink(element)));
}

ElementPtr make_element() {
  ElementPtr element = make_plain_element();
  g_object_set(element.get(), "landmark-model", small_model().c_str(), "min-face-size", 60,
               nullptr);
  gst_util_set_object_arg(G_OBJECT(element.get()), "detector", "hog");
  g_object_set(element.get(), "detect-interval", 1, "lookahead", 0, "hold", 0, nullptr);
  return element;
}

GstVideoInfo video_info(const FormatInfo& format, Size size) {
  GstVideoInfo info;
  gst_video_info_set_format(&info, gst_video_format_from_string(format.name.data()),
                            static_cast<guint>(size.width), static_cast<guint>(size.height));
  info.fps_n = 25;
  info.fps_d = 1;
  return info;
}

Mapped::Mapped(const GstVideoInfo& info, GstBuffer* buffer, GstMapFlags flags) {
  if (!gst_video_frame_map(&frame, &info, buffer, flags))
    throw std::runtime_error("cannot map the buffer");
}

Frame Mapped::view() const {
  Frame view{find_format(GST_VIDEO_FRAME_FORMAT(&frame) == GST_VIDEO_FORMAT_UNKNOWN
                             ? ""
                             : gst_video_format_to_string(GST_VIDEO_FRAME_FORMAT(&frame))),
             GST_VIDEO_FRAME_WIDTH(&frame),
             GST_VIDEO_FRAME_HEIGHT(&frame),
             {}};
  for (guint p = 0; p < GST_VIDEO_FRAME_N_PLANES(&frame); ++p)
    view.planes[p] = {static_cast<std::uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, p)),
                      GST_VIDEO_FRAME_PLANE_STRIDE(&frame, p)};
  return view;
}

Frame view_of_copy(const GstVideoInfo& info, GstBuffer* buffer, std::vector<std::uint8_t>& copy) {
  const Mapped mapped(info, buffer);
  Frame view = mapped.view();
  for (guint p = 0; p < GST_VIDEO_FRAME_N_PLANES(&mapped.frame); ++p)
    view.planes[p].data = copy.data() + GST_VIDEO_FRAME_PLANE_OFFSET(&mapped.frame, p);
  return view;
}

BufferPtr make_buffer(const GstVideoInfo& info, const cv::Mat& bgr, int padding) {
  GstVideoInfo padded = info;
  if (padding > 0) {
    gsize offset = 0;
    for (guint p = 0; p < GST_VIDEO_INFO_N_PLANES(&padded); ++p) {
      std::array<gint, GST_VIDEO_MAX_COMPONENTS> component{};
      gst_video_format_info_component(padded.finfo, p, component.data());
      padded.offset[p] = offset;
      padded.stride[p] += padding;
      offset += static_cast<gsize>(padded.stride[p]) *
                static_cast<gsize>(GST_VIDEO_FORMAT_INFO_SCALE_HEIGHT(
                    padded.finfo, static_cast<guint>(component[0]), padded.height));
    }
    padded.size = offset;
  }
  BufferPtr buffer(gst_buffer_new_allocate(nullptr, padded.size, nullptr));
  gst_buffer_memset(buffer.get(), 0, 0xa5, padded.size);
  if (padding > 0)
    gst_buffer_add_video_meta_full(buffer.get(), GST_VIDEO_FRAME_FLAG_NONE,
                                   GST_VIDEO_INFO_FORMAT(&info), static_cast<guint>(info.width),
                                   static_cast<guint>(info.height),
                                   GST_VIDEO_INFO_N_PLANES(&padded), padded.offset, padded.stride);

  cv::Mat scaled;
  cv::resize(bgr, scaled, {info.width, info.height}, 0, 0, cv::INTER_AREA);
  const GstVideoInfo source = video_info(*find_format("BGR"), {info.width, info.height});
  const BufferPtr source_buffer(gst_buffer_new_allocate(nullptr, source.size, nullptr));
  {
    Mapped from(source, source_buffer.get(), GST_MAP_READWRITE);
    const auto row = static_cast<std::size_t>(info.width) * 3;
    for (int y = 0; y < info.height; ++y)
      std::memcpy(from.view().planes[0].data + y * from.view().planes[0].stride, scaled.ptr(y),
                  row);
    Mapped to(info, buffer.get(), GST_MAP_WRITE);
    convert(from, to);
  }
  GST_BUFFER_PTS(buffer.get()) = 0;
  GST_BUFFER_DURATION(buffer.get()) = GST_SECOND / 25;
  return buffer;
}

void copy_metadata(GstBuffer* from, GstBuffer* to) {
  gst_buffer_copy_into(to, from, static_cast<GstBufferCopyFlags>(GST_BUFFER_COPY_METADATA), 0,
                       ~gsize{0});
  // GStreamer leaves out what depends on the memory.
  if (GstVideoMeta* meta = gst_buffer_get_video_meta(from))
    gst_buffer_add_video_meta_full(to, meta->flags, meta->format, meta->width, meta->height,
                                   meta->n_planes, meta->offset, meta->stride);
}

cv::Mat picture_of(const GstVideoInfo& info, GstBuffer* buffer, bool alpha) {
  const GstVideoInfo target =
      video_info(*find_format(alpha ? "BGRA" : "BGR"), {info.width, info.height});
  const BufferPtr target_buffer(gst_buffer_new_allocate(nullptr, target.size, nullptr));
  Mapped from(info, buffer);
  Mapped to(target, target_buffer.get(), GST_MAP_READWRITE);
  convert(from, to);
  const auto plane = to.view().planes[0];
  return cv::Mat(info.height, info.width, alpha ? CV_8UC4 : CV_8UC3, plane.data,
                 static_cast<std::size_t>(plane.stride))
      .clone();
}

std::vector<std::uint8_t> bytes_of(GstBuffer* buffer) {
  std::vector<std::uint8_t> bytes(gst_buffer_get_size(buffer));
  gst_buffer_extract(buffer, 0, bytes.data(), bytes.size());
  return bytes;
}

std::vector<GstVideoRegionOfInterestMeta*> faces_of(GstBuffer* buffer) {
  std::vector<GstVideoRegionOfInterestMeta*> faces;
  gpointer state = nullptr;
  while (GstMeta* meta = gst_buffer_iterate_meta_filtered(
             buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)) {
    auto* region = reinterpret_cast<GstVideoRegionOfInterestMeta*>(meta);
    if (region->roi_type == g_quark_from_static_string("face")) faces.push_back(region);
  }
  return faces;
}

MessagePtr pop_message(GstBus* bus, GstMessageType type) {
  return MessagePtr(gst_bus_pop_filtered(bus, type));
}

std::string error_text(GstMessage* message) {
  GError* error = nullptr;
  gchar* debug = nullptr;
  gst_message_parse_error(message, &error, &debug);
  const std::string text = std::string(error->message) + " (" + (debug ? debug : "") + ")";
  g_error_free(error);
  g_free(debug);
  return text;
}

Bench::Bench() : Bench(make_element()) {}

Bench::Bench(ElementPtr owned) : element(owned.get()) {
  gst_element_set_bus(element, bus.get());
  harness.reset(gst_harness_new_with_element(element, "sink", "src"));
}

Bench::~Bench() { gst_element_set_bus(element, nullptr); }

void Bench::set_caps(const GstVideoInfo& info) {
  gst_harness_set_src_caps(harness.get(), gst_video_info_to_caps(&info));
}

guint64 Bench::stat(const char* name) const {
  GstStructure* stats = nullptr;
  g_object_get(element, "stats", &stats, nullptr);
  const StructurePtr owner(stats);
  guint64 value = 0;
  if (!gst_structure_get_uint64(stats, name, &value))
    throw std::runtime_error(std::string("stats have no number ") + name);
  return value;
}

}  // namespace faceperturb::test
