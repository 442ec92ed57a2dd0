// SPDX-License-Identifier: LGPL-2.1-or-later
#include "frame_queue.h"

#include <exception>
#include <optional>
#include <utility>

#include "faces_meta.h"
#include "mapped_frame.h"
#include "raw_video.h"
#include "record_meta.h"

GST_DEBUG_CATEGORY_EXTERN(face_perturb_debug);
#define GST_CAT_DEFAULT face_perturb_debug

namespace faceperturb {

using std::chrono::nanoseconds;

FrameQueue::FrameQueue(GstBaseTransform* base, Shared& shared, std::unique_ptr<Detector> detector,
                       LandmarkPredictor landmarks, std::unique_ptr<Recorder> recorder)
    : base_(base),
      shared_(shared),
      upstream_(!detector),
      lookahead_(std::move(detector), std::move(landmarks), shared.snapshot().guard),
      recorder_(std::move(recorder)) {}

bool FrameQueue::start() {
  lookahead_.reset(shared_.snapshot().guard);
  shared_.depth = lookahead_.options().lookahead;
  format_ = nullptr;
  warned_ = false;
  try {
    if (recorder_) recorder_->begin_stream();
    // A stream's draws are its own: no counter is used twice with one key.
    protector_.emplace(recorder_ ? recorder_->keys().permutation() : Secret::random());
    return true;
  } catch (const std::exception& error) {
    GST_ELEMENT_ERROR(base_, RESOURCE, OPEN_WRITE, ("record-location: %s", error.what()),
                      ("The record of a stream cannot be begun."));
    return false;
  }
}

void FrameQueue::stop() {
  discard();
  try {
    if (recorder_) recorder_->end_stream();
  } catch (const RecordError& error) {
    GST_ELEMENT_WARNING(base_, RESOURCE, WRITE, ("record-location: %s", error.what()),
                        ("The record has no end."));
  }
}

bool FrameQueue::set_caps(const GstCaps* caps) {
  format_ = parse_raw_video(caps, info_);
  return format_ != nullptr;
}

void FrameQueue::unusable(GstBuffer* buffer) const {
  GST_ELEMENT_ERROR(base_, STREAM, FORMAT, ("A video frame cannot be read or written."),
                    ("%" GST_PTR_FORMAT " does not hold a writable frame of %dx%d %s",
                     static_cast<void*>(buffer), info_.width, info_.height, format_->name.data()));
}

// Shows the frame to the detector.
bool FrameQueue::look_at(GstBuffer* buffer) {
  const MappedFrame mapped(info_, format_, buffer, GST_MAP_READ);
  if (!mapped) {
    unusable(buffer);
    return false;
  }
  const nanoseconds next = time_ + nanoseconds(shared_.frame_duration);
  const nanoseconds stamp(GST_BUFFER_PTS_IS_VALID(buffer) ? GST_BUFFER_PTS(buffer) : 0);
  time_ = stamp > time_ ? stamp : next;

  const Frame& frame = mapped.frame();
  const int min_face_size = shared_.of_frame().min_face_size;
  try {
    std::optional<std::vector<Detection>> found;
    if (upstream_) found = attached_faces(buffer);
    lookahead_.push(
        luma_.read(frame), time_,
        min_face_size > 0 ? min_face_size : default_min_face_size(frame.width, frame.height),
        std::move(found));
    return true;
  } catch (const std::exception& error) {
    GST_ELEMENT_ERROR(base_, STREAM, FAILED, ("A video frame cannot be looked at."),
                      ("%s", error.what()));
    return false;
  }
}

GstFlowReturn FrameQueue::push(GstBuffer* buffer) {
  if (!look_at(buffer)) {
    gst_buffer_unref(buffer);
    return GST_FLOW_ERROR;
  }
  waiting_.push_back({std::exchange(events_, {}), buffer});
  return GST_FLOW_OK;
}

bool FrameQueue::push(GstEvent* event) {
  if (waiting_.empty()) return false;
  events_.push_back(event);
  return true;
}

// Carries the verdict out. Returns how the frame lay in memory, or nothing where that cannot be.
std::optional<GstVideoInfo> FrameQueue::protect(GstBuffer* buffer, Verdict& verdict,
                                                const FrameOptions& options) {
  const MappedFrame mapped(info_, format_, buffer, GST_MAP_READWRITE);
  if (!mapped) {
    unusable(buffer);
    return {};
  }
  const auto start = Lookahead::Clock::now();
  protector_->protect(mapped.frame(), verdict, options.frame,
                      recorder_ ? recorder_->next() : nullptr);
  shared_.stats.count(verdict, options.on_unchecked, lookahead_.times(),
                      Lookahead::Clock::now() - start);
  return mapped.info();
}

// Writes down what restores the frame. False where that cannot be: then it must not leave, for its
// picture would be lost.
bool FrameQueue::record(GstBuffer* buffer, GstClockTime time, const FrameOptions& options) {
  const Recording* recording = recorder_ ? recorder_->next() : nullptr;
  if (!recording) return true;
  try {
    const Bytes packet =
        recorder_->finish(GST_CLOCK_TIME_IS_VALID(time) ? static_cast<std::int64_t>(time) : -1);
    shared_.stats.count(recorder_->counts());
    if (!packet.empty()) attach_record(buffer, packet);
  } catch (const std::exception& error) {
    GST_ELEMENT_ERROR(base_, RESOURCE, WRITE, ("record-location: %s", error.what()),
                      ("A frame whose record is not written cannot be restored."));
    return false;
  }
  const MethodInfo& method = method_info(options.frame.method);
  if (!method.undo && !recording->keep_originals && !std::exchange(warned_, true))
    GST_ELEMENT_WARNING(
        base_, LIBRARY, SETTINGS,
        ("Method %s cannot be undone: these frames are not restorable.", method.name.data()),
        ("With escrow-key-location the record keeps the originals."));
  return true;
}

// GstVideoFilter would let a buffer that it cannot map go on as it is. Here that is an error.
GstFlowReturn FrameQueue::release(GstBuffer** output) {
  Waiting next = std::move(waiting_.front());
  waiting_.erase(waiting_.begin());
  for (GstEvent* event : next.events) gst_pad_push_event(base_->srcpad, event);

  // A live stream does not wait for a worker that falls behind.
  std::optional<Lookahead::Clock::time_point> deadline;
  if (shared_.live) deadline = Lookahead::Clock::now() + nanoseconds(shared_.frame_duration) / 2;
  Verdict verdict = lookahead_.pop(deadline);

  GstBuffer* buffer = gst_buffer_make_writable(next.buffer);
  const GstClockTime time =
      gst_segment_to_stream_time(&base_->segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
  if (GST_CLOCK_TIME_IS_VALID(time)) gst_object_sync_values(GST_OBJECT(base_), time);
  const FrameOptions options = shared_.of_frame();

  const auto info = protect(buffer, verdict, options);
  if (!info) {
    gst_buffer_unref(buffer);
    return GST_FLOW_ERROR;
  }
  if (verdict.state == FrameState::covered) {
    GST_WARNING_OBJECT(base_, "unchecked frame: %s", verdict.fault.c_str());
    if (options.on_unchecked != OnUnchecked::cover) {
      gst_buffer_unref(buffer);
      if (options.on_unchecked == OnUnchecked::drop) return GST_BASE_TRANSFORM_FLOW_DROPPED;
      GST_ELEMENT_ERROR(base_, STREAM, FAILED, ("A frame could not be checked for faces."),
                        ("%s", verdict.fault.c_str()));
      return GST_FLOW_ERROR;
    }
  }
  if (!record(buffer, time, options)) {
    gst_buffer_unref(buffer);
    return GST_FLOW_ERROR;
  }
  if (options.attach_meta) attach_faces(buffer, verdict, *info);
  if (options.post_messages) {
    auto* element = GST_ELEMENT(base_);
    gst_element_post_message(element,
                             faces_message(element, buffer, verdict, *info, base_->segment));
  }
  *output = buffer;
  return GST_FLOW_OK;
}

GstFlowReturn FrameQueue::pop(GstBuffer** output) {
  *output = nullptr;
  if (waiting_.size() <= static_cast<std::size_t>(shared_.depth)) return GST_FLOW_OK;
  return release(output);
}

GstFlowReturn FrameQueue::drain() {
  lookahead_.finish();
  GstFlowReturn flow = GST_FLOW_OK;
  while (flow == GST_FLOW_OK && !waiting_.empty()) {
    GstBuffer* buffer = nullptr;
    flow = release(&buffer);
    if (flow == GST_BASE_TRANSFORM_FLOW_DROPPED)
      flow = GST_FLOW_OK;
    else if (flow == GST_FLOW_OK)
      flow = gst_pad_push(base_->srcpad, buffer);
  }
  for (GstEvent* event : std::exchange(events_, {})) gst_pad_push_event(base_->srcpad, event);
  if (flow != GST_FLOW_OK) discard();
  return flow;
}

void FrameQueue::discard() {
  for (const Waiting& waiting : waiting_) {
    for (GstEvent* event : waiting.events) gst_event_unref(event);
    gst_buffer_unref(waiting.buffer);
  }
  waiting_.clear();
  for (GstEvent* event : std::exchange(events_, {})) gst_event_unref(event);
  lookahead_.reset();
}

}  // namespace faceperturb
