// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge.h"

#include <algorithm>
#include <cstdlib>
#include <opencv2/imgproc.hpp>

#include "common/command.h"
#include "eval/leak_meter.h"
#include "faces/dnn.h"
#include "faces/picture.h"
#include "stills.h"

namespace protect {

using examples::Ptr;

namespace {

std::unique_ptr<faceperturb::Detector> load(const std::string& model) {
  try {
    return faceperturb::make_dnn_detector(model);
  } catch (const faceperturb::ModelError& error) {
    throw examples::UsageError(std::string("--judge: ") + error.what());
  }
}

cv::Mat grey_of(const cv::Mat& picture) {
  if (picture.channels() == 1) return picture;
  cv::Mat grey;
  cv::cvtColor(picture, grey, picture.channels() == 4 ? cv::COLOR_BGRA2GRAY : cv::COLOR_BGR2GRAY);
  return grey;
}

}  // namespace

Judge::Judge(const std::string& model, const std::vector<Setting>& settings)
    : detector_(load(model)) {
  for (const Setting& setting : settings)
    if (setting.name == "min-face-size") min_face_size_ = std::atoi(setting.value.c_str());
}

Judge::~Judge() {
  if (converter_) gst_video_converter_free(converter_);
}

void Judge::begin() {
  detector_->forget();
  inputs_.clear();
  run_ = 0;
  fault_.clear();
  judgement_ = {};
}

void Judge::compare(const cv::Mat& clear, const cv::Mat& left, int smallest) {
  if (min_face_size_ > 0) smallest = min_face_size_;
  const faceperturb::Picture picture(
      {clear.data, clear.cols, clear.rows, static_cast<std::ptrdiff_t>(clear.step)});
  const auto scale = static_cast<float>(picture.reduction());
  bool leak = false;
  ++judgement_.looked;
  for (const auto& face : detector_->detect(picture, std::max(8, smallest / picture.reduction()))) {
    const faceperturb::Rect box{face.box.x * scale, face.box.y * scale, face.box.width * scale,
                                face.box.height * scale};
    if (!face.sure || box.width < static_cast<float>(smallest)) continue;
    ++judgement_.faces;
    if (!faceperturb::eval::leaked(clear, left, box)) continue;
    ++judgement_.leaks;
    leak = true;
  }
  judgement_.frames += leak;
  run_ = leak ? run_ + 1 : 0;
  judgement_.longest = std::max(judgement_.longest, run_);
}

void Judge::look_at(const cv::Mat& clear, const cv::Mat& left) {
  compare(grey_of(clear), grey_of(left), smallest_face_in_picture(clear.size()));
}

const Judgement& Judge::judgement() const {
  if (!fault_.empty()) throw examples::Failure("the judge could not look: " + fault_);
  return judgement_;
}

// In whatever format the frame is. The same pixel has the same luma on either side of the element.
cv::Mat Judge::luma_of(GstPad* pad, GstBuffer* buffer) {
  Ptr<GstCaps> caps(gst_pad_get_current_caps(pad));
  if (!caps) return {};
  if (!caps_ || !gst_caps_is_equal(caps.get(), caps_.get())) {
    if (converter_) gst_video_converter_free(converter_);
    converter_ = nullptr;
    caps_ = std::move(caps);
    if (!gst_video_info_from_caps(&info_, caps_.get())) return {};
    gst_video_info_set_format(&grey_, GST_VIDEO_FORMAT_GRAY8, static_cast<guint>(info_.width),
                              static_cast<guint>(info_.height));
    grey_.fps_n = info_.fps_n;
    grey_.fps_d = info_.fps_d;
    converter_ = gst_video_converter_new(&info_, &grey_, nullptr);
  }
  GstVideoFrame from, to;
  if (!converter_ || !gst_video_frame_map(&from, &info_, buffer, GST_MAP_READ)) return {};
  cv::Mat luma;
  const Ptr<GstBuffer> converted(gst_buffer_new_allocate(nullptr, grey_.size, nullptr));
  if (gst_video_frame_map(&to, &grey_, converted.get(), GST_MAP_READWRITE)) {
    gst_video_converter_frame(converter_, &from, &to);
    luma = cv::Mat(grey_.height, grey_.width, CV_8UC1, GST_VIDEO_FRAME_PLANE_DATA(&to, 0),
                   static_cast<std::size_t>(GST_VIDEO_FRAME_PLANE_STRIDE(&to, 0)))
               .clone();
    gst_video_frame_unmap(&to);
  }
  gst_video_frame_unmap(&from);
  return luma;
}

GstPadProbeReturn Judge::on_input(GstPad* pad, GstPadProbeInfo* info, gpointer self) {
  auto& judge = *static_cast<Judge*>(self);
  GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  judge.inputs_.push_back({GST_BUFFER_PTS(buffer), judge.luma_of(pad, buffer)});
  return GST_PAD_PROBE_OK;
}

// Frames wait in the element, and some may not come out.
GstPadProbeReturn Judge::on_output(GstPad* pad, GstPadProbeInfo* info, gpointer self) {
  auto& judge = *static_cast<Judge*>(self);
  GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  auto& inputs = judge.inputs_;
  while (inputs.size() > 1 && inputs.front().time != GST_BUFFER_PTS(buffer)) inputs.pop_front();
  if (inputs.empty()) return GST_PAD_PROBE_OK;
  const cv::Mat clear = std::move(inputs.front().luma);
  inputs.pop_front();
  try {
    const cv::Mat left = judge.luma_of(pad, buffer);
    if (!clear.empty() && left.size() == clear.size())
      judge.compare(clear, left, faceperturb::default_min_face_size(clear.cols, clear.rows));
  } catch (const std::exception& error) {
    judge.fault_ = error.what();
  }
  return GST_PAD_PROBE_OK;
}

void Judge::watch(GstElement* element) {
  const Ptr<GstPad> sink(gst_element_get_static_pad(element, "sink"));
  const Ptr<GstPad> src(gst_element_get_static_pad(element, "src"));
  gst_pad_add_probe(sink.get(), GST_PAD_PROBE_TYPE_BUFFER, on_input, this, nullptr);
  gst_pad_add_probe(src.get(), GST_PAD_PROBE_TYPE_BUFFER, on_output, this, nullptr);
}

}  // namespace protect
