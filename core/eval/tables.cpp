// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/tables.h"

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <map>
#include <span>

#include "eval/paper.h"

namespace faceperturb::eval {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
constexpr double allowed_drop = 0.05;  // of a detector's recall, for theta

std::string rounded(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", value);
  return text;
}

Table::Row numbers(std::string name, std::initializer_list<double> values) {
  return {std::move(name), {values.begin(), values.end()}};
}

Table table_of(const Evaluation& e, const std::string& id, std::string title, std::string note,
               std::vector<std::string> columns) {
  return {
      e.study->set().name + "-" + id, std::move(title), std::move(note), std::move(columns), {}};
}

// Whether the paper compares this method: it has no `average` and no blur.
bool paper_has(Method method) { return method != Method::average && method != Method::blur; }

// theta of each detector, over some trials.
std::vector<double> thetas(const Evaluation& e, std::span<const Outcome* const> outcomes) {
  std::vector<double> limits;
  for (std::size_t d = 0; d < e.study->detectors().size(); ++d) {
    std::vector<Moved> moved;
    for (const Outcome* outcome : outcomes) {
      const auto& more = outcome->summary.detectors[d].moved;
      moved.insert(moved.end(), more.begin(), more.end());
    }
    limits.push_back(theta(moved, allowed_drop));
  }
  return limits;
}

// The detectors whose limit the distance keeps to.
std::string kept_below(const Evaluation& e, double distance, const std::vector<double>& limits) {
  std::string names;
  for (std::size_t d = 0; d < limits.size(); ++d) {
    if (!(distance <= limits[d])) continue;
    if (!names.empty()) names += ", ";
    names += e.study->detectors()[d];
  }
  return names.empty() ? "none" : names;
}

}  // namespace

std::vector<const Outcome*> measured(const Evaluation& e) {
  std::vector<const Outcome*> all;
  for (const auto* outcomes : {&e.methods, &e.areas})
    for (const Outcome& outcome : *outcomes) all.push_back(&outcome);
  return all;
}

Table detection(const Evaluation& e) {
  Table table = table_of(
      e, "table1", "Table 1: detection before and after, n = " + std::to_string(paper::pixels),
      "A detection is right where it overlaps a face of the truth by more than 0.5 (intersection "
      "over union). Precision, recall and F (alpha = 1) of detections whose score is above 0.8; of "
      "hog and cascade, whose scores have other scales, above their usual thresholds (0, and 3 "
      "windows). AP: all-point interpolation, over all detections that were kept: networks from a "
      "score of 0.05 on (Faster R-CNN from its own layer's threshold on, MMOD from its own), hog "
      "from -1, cascade from 2 windows. Networks see colour as they were trained, hog and cascade "
      "luma.",
      {"precision", "recall", "F", "AP", "what the paper calls accuracy"});
  const auto add = [&](const std::string& name, const Summary& summary) {
    for (std::size_t d = 0; d < summary.detectors.size(); ++d) {
      const DetectionScore& score = summary.detectors[d].score;
      table.rows.push_back(
          numbers(e.study->detectors()[d] + ", " + name,
                  {score.precision, score.recall, score.f, score.average_precision, unknown}));
    }
  };
  add("clear", e.clear);
  for (const Outcome& outcome : e.methods) add(outcome.trial.variant.method, outcome.summary);
  const auto of_the_paper = [&](const std::string& name, const Value& accuracy) {
    Table::Row& row = table.rows.emplace_back(Table::Row{"the paper's " + name, {}});
    row.values.assign(4, paper::missing);
    row.values.push_back(accuracy);
  };
  of_the_paper("YOLOv3 on LFW, clear", paper::yolo_before);
  of_the_paper("YOLOv3 on LFW, shuffled", paper::yolo_after);
  for (const char* detector : paper::detectors)
    for (const char* when : {", clear", ", shuffled"})
      of_the_paper(std::string(detector) + when, paper::missing);
  if (std::ranges::none_of(e.study->detectors(),
                           [](const auto& name) { return name.starts_with("faster-rcnn"); })) {
    auto& row = table.rows.emplace_back(Table::Row{"Faster R-CNN", {}});
    row.values.emplace_back(std::string("needs --detector faster-rcnn:WEIGHTS,CONFIG"));
  }
  return table;
}

Table fidelity(const Evaluation& e) {
  Table table = table_of(
      e, "table2", "Table 2: how much of the picture is left, n = " + std::to_string(paper::pixels),
      "Of the whole picture. SSIM: luma, Gaussian window of 11x11 with sigma 1.5 (Wang et al. "
      "2004). PSNR: all channels. ms: median time of the protection alone, a face.",
      {"SSIM", "PSNR in dB", "paper's SSIM on LFW", "paper's PSNR on LFW", "ms"});
  table.rows.push_back(numbers("unprocessed", {1, e.clear.psnr, unknown, unknown, unknown}));
  for (const Outcome& outcome : e.methods) {
    const Summary& s = outcome.summary;
    Table::Row& row =
        table.rows.emplace_back(numbers(outcome.trial.variant.method, {s.ssim, s.psnr}));
    const auto of_the_paper = [&](double shuffle) {
      const Method method = outcome.trial.variant.settings.method;
      if (method == Method::shuffle)
        row.values.emplace_back(shuffle);
      else if (paper_has(method))
        row.values.emplace_back(paper::missing);
      else
        row.values.emplace_back(unknown);
    };
    of_the_paper(paper::shuffle_ssim);
    of_the_paper(paper::shuffle_psnr);
    row.values.emplace_back(s.milliseconds);
  }
  return table;
}

Table quality(const Evaluation& e) {
  auto columns = e.study->meters();
  for (auto& column : columns)
    column += column == "brisque" ? " (0 best, 100 worst)" : " (larger is better)";
  columns.emplace_back("paper's FaceQnet on LFW");
  Table table = table_of(
      e, "table3", "Table 3: face image quality, n = " + std::to_string(paper::pixels),
      "Mean over the aligned faces. The paper used FaceQnet (give its file by --quality), and left "
      "its own method out. BRISQUE knows nothing of faces.",
      columns);
  const auto add = [&](const std::string& name, const Summary& summary, bool printed) {
    Table::Row row{name, {}};
    for (const double value : summary.quality) row.values.emplace_back(value);
    row.values.push_back(printed ? Value(paper::missing) : Value(unknown));
    table.rows.push_back(std::move(row));
  };
  add("unprocessed", e.clear, true);
  for (const Outcome& outcome : e.methods) {
    const Method method = outcome.trial.variant.settings.method;
    add(outcome.trial.variant.method, outcome.summary,
        paper_has(method) && method != Method::shuffle);
  }
  return table;
}

Table recall(const Evaluation& e) {
  Table table = table_of(e, "recall", "Detection kept, by method and area",
                         "Of the faces that a detector saw in the clear pictures, the share that "
                         "it sees again, at an overlap of 0.5 or more with its own box.",
                         e.study->detectors());
  for (const Outcome* outcome : measured(e)) {
    Table::Row row{outcome->trial.variant.name(), {}};
    for (const auto& detector : outcome->summary.detectors)
      row.values.emplace_back(detector.recall);
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table recognition(const Evaluation& e, const std::string& embedder) {
  const Recognition& clear = e.clear.attacks.at(embedder).clear_gallery;
  Table table = table_of(
      e, "recognition-" + embedder, "Recognition by " + embedder,
      "Rank-1, equal error rate and true acceptance at a false acceptance of " +
          rounded(clear.far) + ", with 95 % intervals (bootstrap over people). Chance of rank-1: " +
          rounded(clear.chance) +
          ". Faces are aligned by the landmarks of the clear picture: the worst case.",
      {"SSIM", "rank-1, clear gallery", "rank-1, parrot", "EER, clear gallery", "EER, parrot",
       "TAR, clear gallery", "TAR, parrot"});
  const auto add = [&](const std::string& name, const Summary& summary) {
    const AttackSummary& a = summary.attacks.at(embedder);
    table.rows.push_back({name,
                          {summary.ssim, a.clear_gallery.rank_one, a.parrot.rank_one,
                           a.clear_gallery.eer, a.parrot.eer, a.clear_gallery.tar, a.parrot.tar}});
  };
  add("clear", e.clear);
  for (const Outcome* outcome : measured(e)) add(outcome->trial.variant.name(), outcome->summary);
  return table;
}

// By the attackers' restorations: rank-1 with a clear gallery.
Table restoration(const Evaluation& e) {
  std::vector<std::string> columns{"PSNR to the clear picture"};
  for (const auto& [name, attack] : e.clear.attacks) columns.push_back(name + ", rank-1");
  Table table = table_of(e, "restoration", "After an attempt to restore the face",
                         "Rank-1 with a clear gallery, after the attacker has worked on the "
                         "protected picture.",
                         columns);
  const auto add = [&](const std::string& name, const std::string& by, const Summary& summary) {
    Table::Row row = numbers(name + ", " + by, {summary.psnr});
    for (const auto& [embedder, attack] : summary.attacks)
      row.values.emplace_back(attack.clear_gallery.rank_one.value);
    table.rows.push_back(std::move(row));
  };
  for (const Outcome* outcome : measured(e)) {
    const std::string name = outcome->trial.variant.name();
    const auto same = [&](const Outcome& other) { return other.trial.variant.name() == name; };
    if (std::ranges::none_of(e.restored, same)) continue;
    add(name, "as it is", outcome->summary);
    for (const Outcome& other : e.restored)
      if (same(other)) add(name, std::string(other.trial.restoration->description), other.summary);
  }
  return table;
}

Table eigenfaces(const Evaluation& e) {
  std::vector<std::string> columns{"mean squared distance", "maximum"};
  for (const auto& detector : e.study->detectors()) columns.push_back("theta of " + detector);
  columns.emplace_back("maximum below its theta of");
  columns.emplace_back("below the theta of all of");
  const std::string k = std::to_string(e.summarizer->eigenfaces().components());
  Table table = table_of(
      e, "eigenfaces", "Eigenfaces: distance before and after",
      "Squared Euclidean distance between a face before and after, projected to " + k +
          " eigenfaces of the set's clear faces (aligned, 112x112, grey, 0..1). theta: the largest "
          "squared distance such that of the pictures that moved no farther, the detector loses "
          "at most " +
          rounded(allowed_drop) + "; of the row's pictures, and first of all rows'.",
      columns);
  const auto outcomes = measured(e);
  const auto add = [&](const std::string& name, double mean, double max,
                       const std::vector<double>& limits) -> Table::Row& {
    Table::Row& row = table.rows.emplace_back(numbers(name, {mean, max}));
    row.values.insert(row.values.end(), limits.begin(), limits.end());
    return row;
  };
  const auto of_all = thetas(e, outcomes);
  add("all", unknown, unknown, of_all);
  for (const Outcome* outcome : outcomes) {
    const Summary& s = outcome->summary;
    const auto own = thetas(e, {&outcome, 1});
    Table::Row& row = add(outcome->trial.variant.name(), s.mean_distance, s.max_distance, own);
    row.values.emplace_back(kept_below(e, s.max_distance, own));
    row.values.emplace_back(kept_below(e, s.max_distance, of_all));
  }
  return table;
}

Table by_pixels(const Evaluation& e) {
  Table table = table_of(e, "figure6", "SSIM and PSNR by number of pixels",
                         "Figure 6 of the paper, there on AT&T.", {});
  std::map<int, Table::Row> rows;
  for (const Outcome& outcome : e.curve) {
    const int n = outcome.trial.variant.settings.pixels;
    if (rows.empty() || n == rows.begin()->first)
      for (const char* what : {", SSIM", ", PSNR"})
        table.columns.push_back(outcome.trial.variant.method + what);
    Table::Row& row = rows[n];
    row.name = "n = " + std::to_string(n);
    row.values.emplace_back(outcome.summary.ssim);
    row.values.emplace_back(outcome.summary.psnr);
  }
  for (auto& [n, row] : rows) table.rows.push_back(std::move(row));
  return table;
}

}  // namespace faceperturb::eval
