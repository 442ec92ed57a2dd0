// SPDX-License-Identifier: LGPL-2.1-or-later
#include "archive.h"

#include <glib.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>

#include "child.h"
#include "common/failure.h"
#include "common/gst_ptr.h"
#include "common/interrupt.h"
#include "common/output_file.h"
#include "cost.h"
#include "version.h"

namespace fs = std::filesystem;

namespace protect {

using examples::Failure;
using examples::Ptr;
using nlohmann::json;

namespace {

constexpr char planning[] = "\nplan", summing_up[] = "\nsummary";  // claims; no file has such names

// A name as text that unescaped() makes a name again: only what is no UTF-8, control characters and
// the percent sign stand as %XX.
std::string readable(const std::string& name) {
  const Ptr<gchar> text(
      g_uri_escape_string(name.c_str(), " !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~", TRUE));
  return text.get();
}

// What decides what becomes of a file.
std::string options_of(const Settings& settings) {
  json options{{"jpeg-quality", settings.jpeg_quality}};
  for (const auto& [name, value] : settings.element) options[name] = readable(value);
  if (!settings.encoder.empty()) options["encoder"] = readable(settings.encoder);
  if (settings.quality) options["quality"] = *settings.quality;
  if (settings.seconds > 0) options["seconds"] = settings.seconds;
  if (!settings.judge.empty()) options["judge"] = readable(settings.judge);
  if (settings.strip_metadata) options["strip-metadata"] = true;
  return options.dump();
}

FileState state_in(const json& line, const char* bytes, const char* time) {
  return {line.value(bytes, std::uint64_t{0}), line.value(time, std::int64_t{0})};
}

std::string now() {
  const std::unique_ptr<GDateTime, decltype(&g_date_time_unref)> time(g_date_time_new_now_utc(),
                                                                      g_date_time_unref);
  return Ptr<gchar>(g_date_time_format(time.get(), "%Y-%m-%dT%H:%M:%SZ")).get();
}

// As sha256sum --check reads it.
std::string sum_line(const std::string& sum, std::string name) {
  std::string line = sum + "  ";
  if (name.find_first_of("\\\n\r") == std::string::npos) return line + name + '\n';
  for (std::size_t at = 0; (at = name.find_first_of("\\\n\r", at)) != std::string::npos; at += 2)
    name.replace(at, 1, name[at] == '\\' ? "\\\\" : name[at] == '\n' ? "\\n" : "\\r");
  return '\\' + line + name + '\n';
}

fs::path made(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Failure("cannot make the folder '" + folder.string() + "': " + error.message());
  return folder;
}

void add(std::optional<Judgement>& all, const Judgement& one) {
  if (!all) all.emplace();
  all->looked += one.looked;
  all->faces += one.faces;
  all->leaks += one.leaks;
  all->frames += one.frames;
  all->longest = std::max(all->longest, one.longest);
}

// A file that appears when it is whole.
class Report {
 public:
  explicit Report(const fs::path& path) : file_(path), out_(file_.temporary()) {}
  Report& operator<<(const std::string& text) {
    out_ << text;
    return *this;
  }
  void commit() {
    out_.close();
    if (!out_) throw Failure("cannot write '" + file_.path().string() + "'");
    file_.commit();
  }

 private:
  examples::OutputFile file_;
  std::ofstream out_;
};

}  // namespace

Archive::Archive(const fs::path& folder, const Settings& settings)
    : folder_(made(folder)),
      options_(options_of(settings)),
      options_hash_(std::hash<std::string>()(options_)),
      journal_(folder_ / "journal.jsonl") {
  refresh();
}

void Archive::refresh() {
  journal_.news([this](const json& line, std::int64_t place) { note(line, place); });
}

void Archive::note(const json& line, std::int64_t place) {
  Entry& entry = entries_[unescaped(line.value("file", json("")))];
  const std::string outcome = line.value("outcome", "");
  if (outcome == "estimated") {
    entry.cost = {state_in(line, "source_bytes", "source_time"), line.value("seconds", 0.0)};
  } else if (outcome == "begun") {
    entry.begun.push_back(unescaped(line.value("temporary", json(""))));
  } else if (outcome == "failed") {
    entry.failed = place;
    ++entry.failures;
    entry.begun.clear();
  } else if (outcome == "done") {
    entry = {
        Done{place, std::hash<std::string>()(line.value("options", json::object()).dump()),
             state_in(line, "source_bytes", "source_time"), state_in(line, "bytes", "output_time")},
        {},
        0,
        {},
        entry.cost};
  }
}

// Who copies files need not keep their times.
bool Archive::is_as_it_was(const fs::path& file, const FileState& state, const Done& done,
                           const char* sum) const {
  const auto there = state_of(file);
  if (!there || there->bytes != state.bytes) return false;
  return there->time == state.time || sha256(file) == journal_.at(done.place).value(sum, "");
}

bool Archive::is_done(const Job& job) {
  const auto entry = entries_.find(job.name);
  if (entry == entries_.end() || !entry->second.done) return false;
  const Done& done = *entry->second.done;
  return done.options == options_hash_ && is_as_it_was(job.output, done.output, done, "sha256") &&
         is_as_it_was(job.input, done.source, done, "source_sha256");
}

json Archive::line(const Job& job, const char* outcome) const {
  return {{"file", readable(job.name)}, {"outcome", outcome}};
}

void Archive::estimate_missing(const std::vector<Job>& jobs,
                               const std::vector<std::string>& arguments) {
  std::unique_ptr<Child> child;
  std::vector<json> lines;
  for (const Job& job : jobs) {
    if (examples::interrupt()) break;
    const FileState state = state_of(job.input).value_or(FileState{});
    const auto& known = entries_[job.name].cost;
    if (known && known->first == state) continue;
    if (!child) child = std::make_unique<Child>(arguments);
    child->tell({{"estimate", escaped(job.input)}});
    const json answer = child->hear();
    if (!answer.is_object()) child.reset();  // whatever is in that file
    json estimated = line(job, "estimated");
    estimated["source_bytes"] = state.bytes;
    estimated["source_time"] = state.time;
    estimated["seconds"] = answer.is_object() ? answer.value("seconds", 0.0) : 0.0;
    lines.push_back(std::move(estimated));
  }
  if (!lines.empty()) journal_.append(lines);
}

std::vector<Job> Archive::part(const std::vector<Job>& jobs, std::size_t index, std::size_t count,
                               const std::vector<std::string>& arguments) {
  if (!journal_.wait_for(planning)) throw Failure("interrupted");
  refresh();
  estimate_missing(jobs, arguments);
  refresh();
  journal_.release(planning);
  if (examples::interrupt()) throw Failure("interrupted");
  std::vector<double> costs;
  for (const Job& job : jobs) {
    const auto& cost = entries_[job.name].cost;
    costs.push_back(cost ? cost->second : 0);
  }
  const auto parts = divide(costs, count);
  std::vector<Job> mine;
  for (std::size_t i = 0; i < jobs.size(); ++i)
    if (parts[i] == index) mine.push_back(jobs[i]);
  return mine;
}

std::size_t Archive::take_out_done(std::vector<Job>& jobs) {
  const auto taken = std::erase_if(jobs, [&](const Job& job) { return is_done(job); });
  std::ranges::stable_partition(jobs,
                                [&](const Job& job) { return entries_[job.name].begun.empty(); });
  return taken;
}

Archive::Turn Archive::claim(const Job& job) {
  if (!journal_.claim(job.name)) return Turn::elsewhere;
  refresh();
  if (!is_done(job)) return Turn::mine;
  release(job);
  return Turn::done;
}

void Archive::begin(const Job& job, const fs::path& temporary) {
  for (const fs::path left : entries_[job.name].begun) {
    std::error_code ignored;
    fs::remove(job.output.parent_path() / left.filename(), ignored);
  }
  json begun = line(job, "begun");
  begun["temporary"] = escaped(temporary.filename().string());
  begun["time"] = now();
  journal_.append({begun});
}

void Archive::whole(const Job& job, const json& facts) {
  json done = line(job, "done");
  done["source"] = readable(job.input);
  done.update(facts);
  done["options"] = json::parse(options_);
  done["program"] = FACEPERTURB_VERSION;
  done["time"] = now();
  done["host"] = g_get_host_name();
  journal_.append({done});
}

void Archive::failed(const Job& job, const std::string& why) {
  json failed = line(job, "failed");
  failed["source"] = readable(job.input);
  failed["error"] = readable(why);
  failed["time"] = now();
  failed["host"] = g_get_host_name();
  journal_.append({failed});
}

void Archive::release(const Job& job) { journal_.release(job.name); }

Outcome Archive::summarize(const std::vector<Job>& jobs) {
  if (!journal_.wait_for(summing_up)) throw Failure("interrupted");
  refresh();
  Report manifest(folder_ / "manifest.jsonl"), sums(folder_ / "SHA256SUMS"),
      summary(folder_ / "summary.json");
  Outcome outcome;
  json failures = json::array();
  for (const Job& job : jobs) {
    ++outcome.files;
    const Entry& entry = entries_[job.name];
    json what = line(job, "open");
    if (is_done(job)) {
      what = journal_.at(entry.done->place);
      ++outcome.done;
      const std::uint64_t faces = what.value("faces", std::uint64_t{0});
      outcome.faces += faces;
      outcome.faceless += faces == 0;
      for (const auto& [name, count] : {std::pair{"frames", &outcome.frames},
                                        {"checked", &outcome.checked},
                                        {"held", &outcome.held},
                                        {"covered", &outcome.covered},
                                        {"dropped", &outcome.dropped}})
        *count += what.value(name, std::uint64_t{0});
      if (what.contains("judge")) add(outcome.judgement, what["judge"].get<Judgement>());
      outcome.seconds += what.value("seconds", 0.0);
      sums << sum_line(what.value("sha256", ""), job.name);
    } else if (entry.failed) {
      what = journal_.at(*entry.failed);
      what["tries"] = entry.failures;
      ++outcome.failed;
      outcome.failures.push_back(unescaped(what.value("error", json(""))));
      failures.push_back({{"file", what["file"]}, {"error", what["error"]}});
    } else {
      what["source"] = readable(job.input);
      ++outcome.open;
    }
    manifest << what.dump() + '\n';
  }
  json all{{"files", outcome.files},         {"done", outcome.done},
           {"failed", outcome.failed},       {"open", outcome.open},
           {"faceless", outcome.faceless},   {"frames", outcome.frames},
           {"faces", outcome.faces},         {"checked", outcome.checked},
           {"held", outcome.held},           {"covered", outcome.covered},
           {"dropped", outcome.dropped},     {"seconds", outcome.seconds},
           {"failures", failures},           {"options", json::parse(options_)},
           {"program", FACEPERTURB_VERSION}, {"time", now()}};
  if (outcome.judgement) all["judge"] = *outcome.judgement;
  summary << all.dump(2) + '\n';
  manifest.commit();
  sums.commit();
  summary.commit();
  journal_.release(summing_up);
  return outcome;
}

}  // namespace protect
