// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stills.h"

#include <gst/video/video.h>

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "common/command.h"
#include "common/elements.h"
#include "faces/cascade.h"
#include "faces/hog.h"
#include "faces/picture.h"

namespace protect {

using examples::Failure;
using examples::Ptr;

namespace {

constexpr int smallest_side = 16;

// Width of the smallest face to look for, as a part of the shorter side: people stand further away
// in photographs than the element expects of a camera, and there is time.
constexpr int face_part = 40;
constexpr int least_face = 24;  // pixels
constexpr int margin_part = 5;  // of the shorter side, likewise

// No more than the two looks. A black picture is of no use: one that cannot be checked fails.
const std::vector<Setting> presets{{"on-unchecked", "error"}};
const std::vector<Setting> looks{
    {"lookahead", "1"}, {"detect-interval", "1"}, {"hold", "500"}, {"attach-meta", "true"}};

GstVideoFormat format_of(const cv::Mat& picture) {
  switch (picture.channels()) {
    case 1:
      return GST_VIDEO_FORMAT_GRAY8;
    case 3:
      return GST_VIDEO_FORMAT_BGR;
    default:
      return GST_VIDEO_FORMAT_BGRA;
  }
}

// The picture's pixels in a buffer of GStreamer's layout, or back.
void copy(const GstVideoInfo& info, GstBuffer* buffer, cv::Mat& picture, GstMapFlags flags) {
  GstVideoFrame frame;
  if (!gst_video_frame_map(&frame, &info, buffer, flags))
    throw Failure("there is no memory for the picture");
  cv::Mat there(picture.size(), picture.type(), GST_VIDEO_FRAME_PLANE_DATA(&frame, 0),
                static_cast<std::size_t>(GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0)));
  if (flags == GST_MAP_WRITE)
    picture.copyTo(there);
  else
    there.copyTo(picture);
  gst_video_frame_unmap(&frame);
}

std::vector<cv::Rect> faces_on(GstBuffer* buffer) {
  static const GQuark face = g_quark_from_static_string("face");
  std::vector<cv::Rect> faces;
  gpointer state = nullptr;
  while (GstMeta* meta = gst_buffer_iterate_meta_filtered(
             buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)) {
    const auto* roi = reinterpret_cast<GstVideoRegionOfInterestMeta*>(meta);
    if (roi->roi_type == face)
      faces.emplace_back(static_cast<int>(roi->x), static_cast<int>(roi->y),
                         static_cast<int>(roi->w), static_cast<int>(roi->h));
  }
  return faces;
}

bool has(const std::vector<Setting>& settings, const char* name) {
  return std::ranges::find(settings, name, &Setting::name) != settings.end();
}

// A pad that takes any caps, also other ones than it has.
GstPad* make_pad(GstPadDirection direction) {
  const Ptr<GstCaps> any(gst_caps_new_any());
  GstPadTemplate* form = gst_pad_template_new("pad", direction, GST_PAD_ALWAYS, any.get());
  GstPad* pad = gst_pad_new_from_template(form, nullptr);
  gst_object_unref(form);
  return GST_PAD(gst_object_ref_sink(pad));
}

}  // namespace

Looker::Looker(const std::vector<std::vector<Setting>>& settings)
    : element_(gst_element_factory_make("faceperturb", nullptr)),
      bus_(gst_bus_new()),
      source_(make_pad(GST_PAD_SRC)),
      sink_(make_pad(GST_PAD_SINK)) {
  if (!element_) throw Failure(examples::missing_element("faceperturb"));
  gst_object_ref_sink(element_.get());
  for (const auto& some : settings) set_all(element_.get(), some);
  gst_element_set_bus(element_.get(), bus_.get());
  gst_pad_set_element_private(sink_.get(), this);
  gst_pad_set_chain_function(sink_.get(), take);
  const Ptr<GstPad> in(gst_element_get_static_pad(element_.get(), "sink"));
  const Ptr<GstPad> out(gst_element_get_static_pad(element_.get(), "src"));
  gst_pad_link(source_.get(), in.get());
  gst_pad_link(out.get(), sink_.get());
  gst_pad_set_active(sink_.get(), TRUE);
  gst_pad_set_active(source_.get(), TRUE);
  if (gst_element_set_state(element_.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) {
    const std::string why = fault();
    gst_element_set_state(element_.get(), GST_STATE_NULL);
    throw Failure(why);
  }
  gst_pad_push_event(source_.get(), gst_event_new_stream_start("pictures"));
}

Looker::~Looker() {
  gst_pad_push_event(source_.get(), gst_event_new_eos());
  gst_element_set_state(element_.get(), GST_STATE_NULL);
}

GstFlowReturn Looker::take(GstPad* pad, GstObject*, GstBuffer* buffer) {
  static_cast<Looker*>(gst_pad_get_element_private(pad))->out_.emplace_back(buffer);
  return GST_FLOW_OK;
}

std::string Looker::fault() {
  const Ptr<GstMessage> message(gst_bus_pop_filtered(bus_.get(), GST_MESSAGE_ERROR));
  return message ? examples::error_text(message.get()) : "the picture cannot be protected";
}

void Looker::push(GstBuffer* buffer) {
  if (gst_pad_push(source_.get(), buffer) != GST_FLOW_OK) throw Failure(fault());
}

std::vector<cv::Rect> Looker::look(cv::Mat& picture, int min_face_size,
                                   const std::vector<cv::Rect>& known) {
  g_object_set(element_.get(), "min-face-size", min_face_size, nullptr);
  GstVideoInfo info;
  gst_video_info_set_format(&info, format_of(picture), static_cast<guint>(picture.cols),
                            static_cast<guint>(picture.rows));
  const Ptr<GstBuffer> buffer(gst_buffer_new_allocate(nullptr, info.size, nullptr));
  if (!buffer) throw Failure("there is no memory for the picture");
  copy(info, buffer.get(), picture, GST_MAP_WRITE);
  for (const cv::Rect& face : known)
    gst_buffer_add_video_region_of_interest_meta(
        buffer.get(), "face", static_cast<guint>(face.x), static_cast<guint>(face.y),
        static_cast<guint>(face.width), static_cast<guint>(face.height));

  out_.clear();
  const Ptr<GstCaps> caps(gst_video_info_to_caps(&info));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_pad_push_event(source_.get(), gst_event_new_caps(caps.get()));
  gst_pad_push_event(source_.get(), gst_event_new_segment(&segment));
  for (int look = 0; look < 2; ++look) {
    GstBuffer* copied = gst_buffer_copy_deep(buffer.get());
    GST_BUFFER_PTS(copied) = count_++ * 40 * GST_MSECOND;
    GST_BUFFER_DURATION(copied) = 40 * GST_MSECOND;
    push(copied);
  }
  gst_pad_push_event(source_.get(), gst_event_new_segment(&segment));  // the second comes out too
  if (out_.empty()) throw Failure("the picture could not be checked for faces");
  copy(info, out_.front().get(), picture, GST_MAP_READ);
  auto faces = faces_on(out_.front().get());
  out_.clear();
  return faces;
}

// HOG at all scales. Where it is in doubt, as it is of most of the small faces of a group, a
// cascade decides: 2.5 times as many faces in crowds as at dlib's own threshold, and none where
// none are.
class Stills::SlowSearch {
 public:
  std::vector<faceperturb::Detection> detect(const cv::Mat& luma, int min_face_size) {
    auto found = hog_.detect(luma, min_face_size, doubtful);
    std::erase_if(found, [&](const faceperturb::Detection& face) {
      if (face.score >= sure) return false;
      const auto close = cascade_.look_closely(luma, face.box);
      return !close || close->score < agreeing;
    });
    return found;
  }

 private:
  static constexpr float doubtful = -0.8F, sure = 0;
  static constexpr float agreeing = 5;  // windows
  faceperturb::Hog hog_;
  faceperturb::Cascade cascade_{faceperturb::Cascade::frontal};
};

int smallest_face_in_picture(cv::Size picture) {
  return std::max(least_face, std::min(picture.width, picture.height) / face_part);
}

Stills::Stills(std::vector<Setting> settings, bool recorded)
    : settings_(std::move(settings)),
      recorded_(recorded),
      looker_({presets, settings_, looks}),
      slow_(has(settings_, "detector") ? nullptr : std::make_unique<SlowSearch>()) {}

Stills::~Stills() = default;

int Stills::min_face_size(const cv::Mat& picture) const {
  for (const Setting& setting : settings_)
    if (setting.name == "min-face-size") return std::atoi(setting.value.c_str());
  return smallest_face_in_picture(picture.size());
}

std::vector<cv::Rect> Stills::missed(const cv::Mat& clear, const std::vector<cv::Rect>& found) {
  std::vector<cv::Rect> missed;
  if (!slow_) return missed;
  cv::Mat grey = clear;
  if (clear.channels() > 1)
    cv::cvtColor(clear, grey, clear.channels() == 4 ? cv::COLOR_BGRA2GRAY : cv::COLOR_BGR2GRAY);
  const faceperturb::Picture picture(
      {grey.data, grey.cols, grey.rows, static_cast<std::ptrdiff_t>(grey.step)});
  const int least = std::max(1, min_face_size(clear) / picture.reduction());
  for (const auto& detection : slow_->detect(picture.luma(), least)) {
    const auto scale = static_cast<float>(picture.reduction());
    const cv::Rect box = cv::Rect(cv::Point2f(detection.box.x, detection.box.y) * scale,
                                  cv::Size2f(detection.box.width, detection.box.height) * scale) &
                         cv::Rect(0, 0, clear.cols, clear.rows);
    const auto same = [&](const cv::Rect& face) { return (face & box).area() * 4 > box.area(); };
    if (!box.empty() && std::ranges::none_of(found, same)) missed.push_back(box);
  }
  return missed;
}

Stills::Result Stills::protect(const cv::Mat& picture) {
  const int side = std::min(picture.cols, picture.rows);
  if (side < smallest_side)
    throw Failure("the picture is " + std::to_string(picture.cols) + "x" +
                  std::to_string(picture.rows) + ", smaller than 16x16");
  const int least = min_face_size(picture);
  const int margin = recorded_ ? 0 : side / margin_part;
  cv::Mat clear;
  cv::copyMakeBorder(picture, clear, margin, margin, margin, margin, cv::BORDER_REPLICATE);
  cv::Mat wide = clear.clone();
  const auto faces = looker_.look(wide, least);
  const auto more = missed(clear, faces);
  // A record of what two elements did would restore neither.
  if (!more.empty() && recorded_)
    throw Failure(
        "a face is found only by a slower search, which leaves no record: add "
        "--detector=hog, or do without --record");
  if (!more.empty()) {
    if (!told_)
      told_ = std::make_unique<Looker>(std::vector<std::vector<Setting>>{
          presets, settings_, looks, {{"detector", "upstream"}, {"detector-model", ""}}});
    told_->look(wide, least, more);
  }
  return {wide({margin, margin, picture.cols, picture.rows}).clone(), faces.size() + more.size()};
}

}  // namespace protect
