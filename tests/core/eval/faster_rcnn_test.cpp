// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/detectors.h"

#include <gtest/gtest.h>

#include <fstream>
#include <opencv2/core.hpp>

#include "support/faces.h"
#include "support/protobuf.h"

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
  std::string write(const std::string& text, const std::string& name = "tiny.prototxt") {
    const auto file = folder / name;
    std::ofstream(file, std::ios::binary) << text;
    return file.string();
  }
  static std::vector<Detection> see(PictureDetector& detector, const cv::Scalar& bgr) {
    return detector.detect(cv::Mat(300, 400, CV_8UC3, bgr), 20);
  }
  // 200 of 600 rows of the input are 100 of the picture's 300; brows to chin is 0.9 of that.
  static void expect_middle(const Rect& box) {
    EXPECT_NEAR(box.width, 90, 1);
    EXPECT_NEAR(box.x + box.width / 2, 200, 1);
    EXPECT_NEAR(box.y + box.height / 2, 150 + 7, 1);
  }
  test::TemporaryFolder folder;
};

TEST_F(FasterRcnn, DetectionOutputIsRead) {
  const auto detector = make_detector("faster-rcnn:" + write(network));
  const auto faces = see(*detector, cv::Scalar::all(200));
  ASSERT_EQ(faces.size(), 1U);
  expect_middle(faces[0].box);
  EXPECT_NEAR(faces[0].score, 0.01 * (200 - 115.95), 0.02);
  EXPECT_TRUE(faces[0].sure);
  const auto faint = see(*detector, cv::Scalar::all(140));
  ASSERT_EQ(faint.size(), 1U);  // for the curve
  EXPECT_FALSE(faint[0].sure);
  EXPECT_TRUE(see(*detector, cv::Scalar::all(120)).empty());  // below the layer's own threshold
}

// The same in TensorFlow's form: what is seen is as sure as the picture is red.
constexpr const char* graph = R"(
node { name: "data" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } }
node { name: "pool" op: "AvgPool" input: "data"
       attr { key: "ksize" value { list { i: 1 i: 600 i: 800 i: 1 } } }
       attr { key: "strides" value { list { i: 1 i: 1 i: 1 i: 1 } } }
       attr { key: "padding" value { s: "VALID" } } }
node { name: "two" op: "Conv2D" input: "pool" input: "weights/two"
       attr { key: "strides" value { list { i: 1 i: 1 i: 1 i: 1 } } }
       attr { key: "padding" value { s: "VALID" } } }
node { name: "four" op: "Conv2D" input: "pool" input: "weights/four"
       attr { key: "strides" value { list { i: 1 i: 1 i: 1 i: 1 } } }
       attr { key: "padding" value { s: "VALID" } } }
node { name: "conf" op: "Flatten" input: "two" }
node { name: "loc" op: "Flatten" input: "four" }
node { name: "prior" op: "PriorBox" input: "pool" input: "data"
       attr { key: "min_size" value { i: 200 } }
       attr { key: "flip" value { b: false } }
       attr { key: "clip" value { b: false } }
       attr { key: "variance" value { tensor { dtype: DT_FLOAT tensor_shape { dim { size: 4 } }
              float_val: 0.1 float_val: 0.1 float_val: 0.2 float_val: 0.2 } } } }
node { name: "out" op: "DetectionOutput" input: "loc" input: "conf" input: "prior"
       attr { key: "num_classes" value { i: 2 } }
       attr { key: "share_location" value { b: true } }
       attr { key: "background_label_id" value { i: 0 } }
       attr { key: "nms_threshold" value { f: 0.45 } }
       attr { key: "top_k" value { i: 10 } }
       attr { key: "code_type" value { s: "CENTER_SIZE" } }
       attr { key: "keep_top_k" value { i: 10 } }
       attr { key: "confidence_threshold" value { f: 0.1 } } }
)";

// A 1x1 convolution's weights as a constant node: `values` of three channels to `outputs`.
test::Message constant(const char* name, int outputs, const std::vector<float>& values) {
  constexpr int dt_float = 1;
  test::Message shape;
  for (const int size : {1, 1, 3, outputs})
    shape.message(2, test::Message().number(1, static_cast<std::uint64_t>(size)));
  const test::Message tensor =
      test::Message().number(1, dt_float).message(2, shape).floats(4, values);
  const auto attribute = [](const char* key, const test::Message& value) {
    return test::Message().bytes(1, key).message(2, value);
  };
  return test::Message()
      .bytes(1, name)
      .bytes(2, "Const")
      .message(5, attribute("dtype", test::Message().number(6, dt_float)))
      .message(5, attribute("value", test::Message().message(8, tensor)));
}

TEST_F(FasterRcnn, TensorFlowsGraphIsRead) {
  const test::Message weights =
      test::Message()
          .message(1, constant("weights/two", 2, {0, 1 / 255.F, 0, 0, 0, 0}))  // of red alone
          .message(1, constant("weights/four", 4, std::vector<float>(12, 0)));
  const auto detector = make_detector("faster-rcnn:" + write(weights.str(), "tiny.pb") + "," +
                                      write(graph, "tiny.pbtxt"));
  const auto faces = see(*detector, {10, 20, 204});
  ASSERT_EQ(faces.size(), 1U);
  expect_middle(faces[0].box);
  EXPECT_NEAR(faces[0].score, 0.8, 0.01);
  EXPECT_TRUE(faces[0].sure);
  EXPECT_FALSE(see(*detector, {250, 250, 51}).at(0).sure);
  EXPECT_TRUE(see(*detector, {250, 250, 10}).empty());
}

TEST_F(FasterRcnn, WhatIsNoNetworkIsNamed) {
  for (const auto& model :
       {"faster-rcnn:" + write("no network"), std::string("faster-rcnn:gone.pb,gone.pbtxt"),
        "faster-rcnn:" + write("no graph", "tiny.pb") + "," + write(graph, "tiny.pbtxt"),
        std::string("gone.onnx"), write("no network", "tiny.onnx"), write("", "tiny.cfg"),
        write("none of them", "tiny.jpg")}) {
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
