// SPDX-License-Identifier: LGPL-2.1-or-later
#include "work.h"

#include <system_error>

#include "before_after.h"
#include "common/command.h"
#include "common/elements.h"
#include "common/gst_ptr.h"
#include "common/output_file.h"
#include "formats.h"
#include "picture_file.h"
#include "pipeline.h"
#include "recorder.h"
#include "source.h"
#include "stills.h"

namespace protect {

using examples::Failure;
using examples::Ptr;

namespace {

// The settings of the element with the record's place for this file.
std::vector<Setting> settings_for(std::vector<Setting> settings, const std::string& record) {
  std::erase_if(settings, [](const Setting& s) { return s.name == "record-location"; });
  if (!record.empty()) settings.push_back({"record-location", record});
  return settings;
}

}  // namespace

Work::Work(Settings settings) : settings_(std::move(settings)) {}

Work::~Work() = default;

Summary Work::run(const Job& job, Listener& listener) {
  const auto source = make_source(job.input);
  try {
    make_folder_of(job.output);
    if (!job.record.empty()) make_folder_of(job.record);
    if (!settings_.judge.empty() && !judge_)
      judge_ = std::make_unique<Judge>(settings_.judge, settings_.element);
    if (judge_) judge_->begin();
    if (!names_picture(job.output)) return run_video(job, listener);
    // A record is given to the element before its models are loaded.
    if (!stills_ || !job.record.empty())
      stills_ = std::make_unique<Stills>(settings_for(settings_.element, job.record),
                                         !job.record.empty());
    return run_still(job, listener);
  } catch (const examples::UsageError&) {
    throw;
  } catch (const std::exception& error) {
    stills_.reset();  // whatever happened to it
    throw Failure(source.name + ": " + error.what());
  }
}

Summary Work::run_still(const Job& job, Listener& listener) {
  Picture picture = read_picture(job.input);
  if (!picture.note.empty()) listener.note(picture.note);
  if (settings_.strip_metadata) picture.metadata = {};
  const cv::Mat clear = picture.pixels;
  const auto result = stills_->protect(clear);
  picture.pixels = result.picture;
  examples::OutputFile output(job.output);
  write_picture(picture, output, settings_.jpeg_quality);
  Summary summary{.frames = 1, .faces = static_cast<std::uint64_t>(result.faces), .checked = 1};
  if (judge_) {
    judge_->look_at(clear, result.picture);
    summary.judgement = judge_->judgement();
  }
  listener.whole(output.temporary(), summary);
  output.commit();
  return summary;
}

Summary Work::run_video(const Job& job, Listener& listener) {
  const auto source = make_source(job.input);
  examples::OutputFile output(job.output);
  BeforeAfter pair;  // outlives the stream that it watches
  Pipeline pipeline(source.uri, output, settings_, [&](const auto& text) { listener.note(text); });
  set_all(pipeline.protector(), settings_for(settings_.element, job.record));
  if (!settings_.before_after.empty()) pair.watch(pipeline.protector());
  if (judge_) judge_->watch(pipeline.protector());
  Summary summary = record(pipeline, listener);
  if (judge_) summary.judgement = judge_->judgement();
  listener.whole(output.temporary(), summary);
  output.commit();
  if (settings_.before_after.empty()) return summary;
  summary.before_after = pair.write(settings_.before_after);
  if (!summary.before_after)
    listener.note("no face was found, so there is no " + settings_.before_after);
  return summary;
}

void check(const Settings& settings, const Plan& plan) {
  const Ptr<GstElement> element(gst_element_factory_make("faceperturb", nullptr));
  if (!element) throw Failure(examples::missing_element("faceperturb"));
  gst_object_ref_sink(element.get());
  set_all(element.get(), settings.element);
  for (const Job& job : plan.jobs)
    if (const Container* container = container_of(job.output))
      encoder_description(*container, settings.encoder, settings.quality);
  if (!settings.judge.empty()) Judge(settings.judge, settings.element);
  if (!settings.before_after.empty() && (!plan.one || names_picture(plan.jobs[0].output)))
    throw examples::UsageError("--before-after is for one video");
}

}  // namespace protect
