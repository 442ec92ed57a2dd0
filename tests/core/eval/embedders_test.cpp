// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/embedders.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <opencv2/core.hpp>

#include "eval/instruments.h"
#include "support/faces.h"
#include "support/protobuf.h"

namespace faceperturb::eval {
namespace {

using test::Message;

// A network whose embedding is the mean of each channel of its input, as ONNX.
std::string onnx(int size) {
  const auto node = [](const char* op, const char* from, const char* to) {
    return Message().bytes(1, from).bytes(2, to).bytes(3, to).bytes(4, op);
  };
  const auto value = [](const char* name, std::initializer_list<int> sizes) {
    Message shape;
    for (const int length : sizes)
      shape.message(1, Message().number(1, static_cast<std::uint64_t>(length)));
    const Message tensor = Message().number(1, 1).message(2, shape);
    return Message().bytes(1, name).message(2, Message().message(1, tensor));
  };
  const Message graph = Message()
                            .message(1, node("GlobalAveragePool", "data", "pool"))
                            .message(1, node("Flatten", "pool", "out"))
                            .bytes(2, "tiny")
                            .message(11, value("data", {1, 3, size, size}))
                            .message(12, value("out", {1, 3}));
  return Message()
      .number(1, 7)
      .message(7, graph)
      .message(8, Message().bytes(1, "").number(2, 11))
      .str();
}

// The same as Caffe's text, with a matrix that is in the other file.
constexpr const char* prototxt = R"(
input: "data"
input_shape { dim: 1 dim: 3 dim: 112 dim: 112 }
layer { name: "pool" type: "Pooling" bottom: "data" top: "pool"
        pooling_param { pool: AVE global_pooling: true } }
layer { name: "out" type: "InnerProduct" bottom: "pool" top: "out"
        inner_product_param { num_output: 2 bias_term: false } }
)";

// Its weights: the second channel, and the first and third together.
std::string caffemodel() {
  const Message blob =
      Message().message(7, Message().number(1, 2).number(1, 3)).floats(5, {0, 1, 0, 1, 0, 1});
  return Message()
      .message(100, Message().bytes(1, "out").bytes(2, "InnerProduct").message(7, blob))
      .str();
}

class NetEmbedder : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& bytes) {
    std::ofstream(folder / name, std::ios::binary) << bytes;
    return (folder / name).string();
  }
  // Of a face of one colour.
  static Embedding embed(const std::string& model, const cv::Scalar& bgr) {
    return make_net_embedder(model)->embed(cv::Mat(112, 112, CV_8UC3, bgr));
  }
  static void expect_direction(const Embedding& embedding, const std::vector<double>& values) {
    ASSERT_EQ(embedding.size(), values.size());
    double length = 0;
    for (const double value : values) length += value * value;
    for (std::size_t i = 0; i < values.size(); ++i)
      EXPECT_NEAR(embedding[i], values[i] / std::sqrt(length), 1e-4) << i;
  }
  test::TemporaryFolder folder;
};

TEST_F(NetEmbedder, ValuesAreBroughtToTheRangeThatIsAskedFor) {
  const std::string file = write("tiny.onnx", onnx(112));
  const cv::Scalar colour(51, 102, 204);  // 0.2, 0.4, 0.8 of blue, green, red
  expect_direction(embed(file, colour),
                   {(0.8 - 0.485) / 0.229, (0.4 - 0.456) / 0.224, (0.2 - 0.406) / 0.225});
  expect_direction(embed(file + ",input=imagenet,bgr", colour),
                   {(0.2 - 0.406) / 0.225, (0.4 - 0.456) / 0.224, (0.8 - 0.485) / 0.229});
  expect_direction(embed(file + ",input=-1..1", colour), {0.6, -0.2, -0.6});
  expect_direction(embed(file + ",input=0..1", colour), {0.8, 0.4, 0.2});
  expect_direction(embed(file + ",input=0..255,bgr", colour), {51, 102, 204});
}

TEST_F(NetEmbedder, TheInputHasTheSizeThatIsAskedFor) {
  const std::string file = write("tiny.onnx", onnx(96));
  cv::Mat face(112, 112, CV_8UC3, cv::Scalar::all(0));
  face.rowRange(0, 56).setTo(cv::Scalar(0, 0, 200));
  face.rowRange(56, 112).setTo(cv::Scalar(0, 100, 0));
  expect_direction(make_net_embedder(file + ",size=96,input=0..1")->embed(face), {2, 1, 0});
}

TEST_F(NetEmbedder, CaffesTwoFiles) {
  const std::string weights = write("tiny.caffemodel", caffemodel());
  const std::string text = write("tiny.prototxt", prototxt);
  expect_direction(embed(weights + "," + text + ",input=0..1", {51, 102, 204}), {0.4, 1.0});
}

TEST_F(NetEmbedder, WhatIsWrongIsSaid) {
  const std::string file = write("tiny.onnx", onnx(112));
  for (const auto& [model, words] : std::initializer_list<std::pair<std::string, std::string>>{
           {"gone.onnx", "'gone.onnx' does not exist"},
           {write("bad.onnx", "no network"), "bad.onnx"},
           {file + ",size=7", "size=7"},
           {file + ",size=many", "size=many"},
           {file + ",input=0..2", "-1..1"},
           {file + "," + file + "," + file, "FILE[,CONFIG]"},
           {"", "FILE[,CONFIG]"}}) {
    try {
      make_net_embedder(model);
      FAIL() << model;
    } catch (const ModelError& error) {
      EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
    }
  }
}

TEST_F(NetEmbedder, SeveralAreNamedApart) {
  const std::string file = write("tiny.onnx", onnx(112));
  const Instruments instruments({test::small_model(), {}, {file, file + ",bgr"}, {}});
  EXPECT_EQ(instruments.embedder_names(),
            (std::vector<std::string>{"tiny", "tiny (2)", "histogram"}));
}

}  // namespace
}  // namespace faceperturb::eval
