// SPDX-License-Identifier: LGPL-2.1-or-later
#include "libfacedetection.h"

#include <dlfcn.h>
#include <gst/video/gstvideofilter.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <opencv2/imgproc.hpp>
#include <span>
#include <stdexcept>
#include <vector>

#include "clips.h"
#include "support/faces.h"

namespace bench {
namespace {

namespace fs = std::filesystem;

struct Box {
  int x, y, width, height;
};
using FindFaces = int (*)(unsigned char* bgr, int width, int height, int stride, Box* boxes,
                          int most);

// How results are packed differs between versions; this call of theirs is the same in all.
constexpr char adapter[] = R"(#include "facedetectcnn.h"
struct Box { int x, y, width, height; };
extern "C" int find_faces(unsigned char* bgr, int width, int height, int stride, Box* boxes, int most) {
  int count = 0;
  for (const auto& face : objectdetect_cnn(bgr, width, height, stride))
    if (count < most) boxes[count++] = {face.x, face.y, face.w, face.h};
  return count;
}
)";

std::vector<std::string> for_this_processor() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return {"-D_ENABLE_AVX2", "-mavx2", "-mfma"};
#elif defined(__aarch64__)
  return {"-D_ENABLE_NEON"};
#endif
  return {};
}

void run(const std::vector<std::string>& command) {
  std::vector<gchar*> words;
  for (const auto& word : command) words.push_back(const_cast<gchar*>(word.c_str()));
  words.push_back(nullptr);
  gchar* complaints = nullptr;
  gint status = 0;
  GError* error = nullptr;
  const bool ran = g_spawn_sync(nullptr, words.data(), nullptr, G_SPAWN_SEARCH_PATH, nullptr,
                                nullptr, nullptr, &complaints, &status, &error) &&
                   g_spawn_check_wait_status(status, &error);
  const Ptr<gchar> said(complaints);
  if (ran) return;
  const Ptr<GError> owned(error);
  throw std::runtime_error(std::string("libfacedetection: ") + command.front() + ": " +
                           error->message + (said ? "\n" + std::string(said.get()) : ""));
}

FindFaces build(const fs::path& checkout) {
  const fs::path sources = checkout / "src";
  if (!fs::exists(sources / "facedetectcnn.h"))
    throw std::runtime_error(
        "'" + checkout.string() +
        "' is no checkout of libfacedetection: src/facedetectcnn.h is missing");
  const faceperturb::test::TemporaryFolder folder;
  std::ofstream(folder / "adapter.cpp") << adapter;
  // Which its own build makes; one that is in `sources` is found first.
  std::ofstream(folder / "facedetection_export.h") << "#define FACEDETECTION_EXPORT\n";
  const char* compiler = std::getenv("CXX");
  const std::string library = folder / "libfacedetection.so";
  std::vector<std::string> command{compiler ? compiler : "c++",
                                   "-std=c++17",
                                   "-O3",
                                   "-shared",
                                   "-fPIC",
                                   "-w",
                                   "-I" + sources.string(),
                                   "-I" + (folder / "").string(),
                                   "-o",
                                   library,
                                   folder / "adapter.cpp"};
  for (const auto& flag : for_this_processor()) command.push_back(flag);
  for (const auto& entry : fs::directory_iterator(sources))
    if (entry.path().extension() == ".cpp") command.push_back(entry.path().string());
  run(command);
  void* const loaded = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);  // for good
  if (!loaded) throw std::runtime_error(std::string("libfacedetection: ") + dlerror());
  return reinterpret_cast<FindFaces>(dlsym(loaded, "find_faces"));
}

FindFaces find_faces = nullptr;

struct Blur {
  GstVideoFilter parent;
};
struct BlurClass {
  GstVideoFilterClass parent;
};
G_DEFINE_TYPE(Blur, blur, GST_TYPE_VIDEO_FILTER)

GstFlowReturn transform(GstVideoFilter*, GstVideoFrame* frame) {
  cv::Mat picture(GST_VIDEO_FRAME_HEIGHT(frame), GST_VIDEO_FRAME_WIDTH(frame), CV_8UC3,
                  GST_VIDEO_FRAME_PLANE_DATA(frame, 0),
                  static_cast<std::size_t>(GST_VIDEO_FRAME_PLANE_STRIDE(frame, 0)));
  Box boxes[100];
  const int count = find_faces(picture.data, picture.cols, picture.rows,
                               static_cast<int>(picture.step), boxes, std::size(boxes));
  for (const Box& box : std::span(boxes).first(static_cast<std::size_t>(count))) {
    cv::Mat face = picture(cv::Rect(box.x, box.y, box.width, box.height) &
                           cv::Rect(0, 0, picture.cols, picture.rows));
    if (!face.empty()) cv::blur(face, face, {11, 11});
  }
  return GST_FLOW_OK;
}

void blur_init(Blur*) {}

void blur_class_init(BlurClass* type) {
  static constexpr char caps[] = GST_VIDEO_CAPS_MAKE("BGR");
  static GstStaticPadTemplate sink =
      GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(caps));
  static GstStaticPadTemplate source =
      GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(caps));
  gst_element_class_add_static_pad_template(GST_ELEMENT_CLASS(type), &sink);
  gst_element_class_add_static_pad_template(GST_ELEMENT_CLASS(type), &source);
  gst_element_class_set_static_metadata(GST_ELEMENT_CLASS(type), "libfacedetection + blur",
                                        "Filter/Effect/Video", "Blurs faces", "faceperturb");
  GST_VIDEO_FILTER_CLASS(type)->transform_frame_ip = transform;
}

}  // namespace

void add_libfacedetection(const std::string& checkout) {
  find_faces = build(checkout);
  gst_element_register(nullptr, libfacedetection_element, GST_RANK_NONE, blur_get_type());
}

}  // namespace bench
