// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/faster_rcnn.h"

#include <gtest/gtest.h>

#include <fstream>

#include "faces/picture.h"
#include "support/faces.h"

namespace faceperturb::eval {
namespace {

// A network without weights that sees one face: of the picture's middle, 200 pixels of its input
// high, as sure as the picture is bright (1 for an input of 255 after the mean is taken off).
constexpr const char* network = R"(
input: "data"
input_shape { dim: 1 dim: 3 dim: 600 dim: 800 }
layer { name: "pool" type: "Pooling" bottom: "data" top: "pool"
        pooling_param { pool: AVE global_pooling: true } }
layer { name: "slice" type: "Slice" bottom: "pool" top: "two" top: "one"
        slice_param { axis: 1 slice_point: 2 } }
layer { name: "four" type: "Concat" bottom: "pool" bottom: "one" top: "four" }
layer { name: "nothing" type: "Power" bottom: "four" top: "nothing" power_param { scale: 0 } }
layer { name: "loc" type: "Flatten" bottom: "nothing" top: "loc" }
layer { name: "scaled" type: "Power" bottom: "two" top: "scaled" power_param { scale: 0.01 } }
layer { name: "conf" type: "Flatten" bottom: "scaled" top: "conf" }
layer { name: "prior" type: "PriorBox" bottom: "pool" bottom: "data" top: "prior"
        prior_box_param { min_size: 200 flip: false clip: false
                          variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2 } }
layer { name: "out" type: "DetectionOutput" bottom: "loc" bottom: "conf" bottom: "prior" top: "out"
        detection_output_param { num_classes: 2 share_location: true background_label_id: 0
          nms_param { nms_threshold: 0.45 top_k: 10 } code_type: CENTER_SIZE keep_top_k: 10
          confidence_threshold: 0.1 } }
)";

class FasterRcnn : public testing::Test {
 protected:
  std::string write(const std::string& text) {
    const auto file = folder / "tiny.prototxt";
    std::ofstream(file) << text;
    return file.string();
  }
  static std::vector<Detection> see(Detector& detector, std::uint8_t grey) {
    const std::vector<std::uint8_t> luma(400 * 300, grey);
    return detector.detect(Picture({luma.data(), 400, 300, 400}), 20);
  }
  test::TemporaryFolder folder;
};

TEST_F(FasterRcnn, DetectionOutputIsRead) {
  const auto detector = make_detector("faster-rcnn:" + write(network));
  const auto faces = see(*detector, 200);
  ASSERT_EQ(faces.size(), 1U);
  // 200 of 600 rows of the input are 100 of the picture's 300; brows to chin is 0.9 of that.
  const Rect& box = faces[0].box;
  EXPECT_NEAR(box.width, 90, 1);
  EXPECT_NEAR(box.x + box.width / 2, 200, 1);
  EXPECT_NEAR(box.y + box.height / 2, 150 + 7, 1);
  EXPECT_NEAR(faces[0].score, 0.01 * (200 - 115.95), 0.02);
  EXPECT_TRUE(see(*detector, 130).empty());  // not sure enough
}

TEST_F(FasterRcnn, WhatIsNoNetworkIsNamed) {
  for (const auto& model :
       {"faster-rcnn:" + write("no network"), std::string("faster-rcnn:gone.pb,gone.pbtxt"),
        std::string("gone.onnx")}) {
    try {
      make_detector(model);
      FAIL() << model;
    } catch (const ModelError& error) {
      EXPECT_TRUE(std::string(error.what()).find("tiny") != std::string::npos ||
                  std::string(error.what()).find("gone") != std::string::npos)
          << error.what();
    }
  }
}

TEST_F(FasterRcnn, NamesInReports) {
  EXPECT_EQ(detector_name("/a/b/yolo.cfg"), "yolo");
  EXPECT_EQ(detector_name("faster-rcnn:/a/frozen.pb,/a/graph.pbtxt"), "faster-rcnn:frozen");
}

}  // namespace
}  // namespace faceperturb::eval
