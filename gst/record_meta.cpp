// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record_meta.h"

#include <gst/video/video-sei.h>

#include <algorithm>

#include "record/sei.h"

namespace faceperturb {
namespace {

GstVideoSEIUserDataUnregisteredMeta* record_meta(GstBuffer* buffer) {
  gpointer state = nullptr;
  while (auto* meta = gst_buffer_iterate_meta_filtered(
             buffer, &state, GST_VIDEO_SEI_USER_DATA_UNREGISTERED_META_API_TYPE)) {
    auto* user_data = reinterpret_cast<GstVideoSEIUserDataUnregisteredMeta*>(meta);
    if (std::ranges::equal(user_data->uuid, record_uuid)) return user_data;
  }
  return nullptr;
}

}  // namespace

void attach_record(GstBuffer* buffer, std::span<const std::uint8_t> record) {
  remove_record(buffer);
  if (record.empty()) return;
  auto uuid = record_uuid;
  std::vector<std::uint8_t> bytes(record.begin(), record.end());  // the call takes no const
  gst_buffer_add_video_sei_user_data_unregistered_meta(buffer, uuid.data(), bytes.data(),
                                                       bytes.size());
}

std::optional<std::vector<std::uint8_t>> attached_record(GstBuffer* buffer) {
  const auto* meta = record_meta(buffer);
  if (!meta) return std::nullopt;
  return std::vector(meta->data, meta->data + meta->size);
}

void remove_record(GstBuffer* buffer) {
  while (auto* meta = record_meta(buffer))
    gst_buffer_remove_meta(buffer, reinterpret_cast<GstMeta*>(meta));
}

}  // namespace faceperturb
