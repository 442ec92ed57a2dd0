// SPDX-License-Identifier: LGPL-2.1-or-later
#include "libfacedetection.h"

#include <gst/check/gstharness.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <stdexcept>

#include "support/faces.h"

namespace bench {
namespace {

using faceperturb::test::TemporaryFolder;

// As much of a checkout as is used: a face at a place that is partly beyond the frame.
void write_checkout(const TemporaryFolder& folder, const char* source) {
  std::filesystem::create_directory(folder / "src");
  std::ofstream(folder / "src/facedetectcnn.h") << R"(
#include <vector>
#include "facedetection_export.h"
struct FaceRect { float score; int x, y, w, h; int lm[10]; };
FACEDETECTION_EXPORT std::vector<FaceRect> objectdetect_cnn(unsigned char*, int, int, int);
)";
  std::ofstream(folder / "src/facedetectcnn.cpp") << source;
}

std::string fault_of(const std::string& checkout) {
  try {
    add_libfacedetection(checkout);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

TEST(Libfacedetection, IsBuiltFromACheckoutAndItsFacesAreBlurred) {
  gst_init(nullptr, nullptr);
  const TemporaryFolder folder;
  write_checkout(folder, R"(
#include "facedetectcnn.h"
std::vector<FaceRect> objectdetect_cnn(unsigned char*, int width, int, int) {
  return {{0.9F, width - 20, 10, 30, 30}};
}
)");
  add_libfacedetection((folder / "").string());
  constexpr int width = 64, height = 48;
  GstHarness* harness = gst_harness_new(libfacedetection_element);
  gst_harness_set_src_caps_str(harness, "video/x-raw,format=BGR,width=64,height=48,framerate=30/1");
  std::vector<unsigned char> pixels(3 * width * height);
  std::mt19937 random(1);
  for (auto& value : pixels) value = static_cast<unsigned char>(random());
  GstBuffer* buffer = gst_buffer_new_memdup(pixels.data(), pixels.size());
  GstBuffer* out = gst_harness_push_and_pull(harness, buffer);
  ASSERT_NE(out, nullptr);
  GstMapInfo map;
  ASSERT_TRUE(gst_buffer_map(out, &map, GST_MAP_READ));
  std::size_t changed = 0;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (std::size_t c = 0, i = static_cast<std::size_t>(3 * (y * width + x)); c < 3; ++c) {
        const bool inside = x >= width - 20 && y >= 10 && y < 40;
        changed += map.data[i + c] != pixels[i + c];
        ASSERT_TRUE(inside || map.data[i + c] == pixels[i + c]) << x << ", " << y;
      }
  EXPECT_GT(changed, 1500u);
  gst_buffer_unmap(out, &map);
  gst_buffer_unref(out);
  gst_harness_teardown(harness);
}

TEST(Libfacedetection, SaysWhyItCannotBeBuilt) {
  const TemporaryFolder folder;
  EXPECT_NE(fault_of((folder / "").string()).find("src/facedetectcnn.h is missing"),
            std::string::npos);
  write_checkout(folder, "this does not compile");
  EXPECT_NE(fault_of((folder / "").string()).find("error:"), std::string::npos);
}

}  // namespace
}  // namespace bench
