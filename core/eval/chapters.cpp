// SPDX-License-Identifier: LGPL-2.1-or-later
#include <map>

#include "eval/drawing.h"
#include "eval/evaluation.h"
#include "eval/known_plaintext.h"
#include "eval/paper.h"
#include "eval/plot.h"
#include "eval/tables.h"

namespace faceperturb::eval {
namespace {

Figure plotted(const Plot& plot, std::string title, std::string note) {
  return {std::move(title), std::move(note), "image/svg+xml", svg(plot)};
}

Figure curve(const Evaluation& e, const std::string& what, double Summary::*value) {
  Plot plot{"pixels a face", what, true, {}};
  std::map<std::string, Series> by_method;
  for (const Outcome& outcome : e.curve) {
    Series& series = by_method[outcome.trial.variant.method];
    series.name = outcome.trial.variant.method;
    series.points.emplace_back(outcome.trial.variant.settings.pixels, outcome.summary.*value);
  }
  for (auto& [name, series] : by_method) plot.series.push_back(std::move(series));
  return plotted(plot, what + " by number of pixels", "Figure 6 of the paper.");
}

Figure frontier(const Evaluation& e, const std::string& embedder) {
  std::map<std::string, Series> by_method;
  for (const Outcome* outcome : measured(e)) {
    Series& series = by_method[outcome->trial.variant.method];
    series.name = outcome->trial.variant.method;
    series.points.emplace_back(outcome->summary.attacks.at(embedder).clear_gallery.rank_one.value,
                               outcome->summary.detectors.front().recall);
  }
  Plot plot{"rank-1 with a clear gallery, " + embedder,
            "recall of " + e.study->detectors().front(),
            false,
            {}};
  for (auto& [name, series] : by_method) plot.series.push_back(std::move(series));
  return plotted(plot, "Privacy against detection",
                 "A point an area. Best is at the top left: not recognised, still detected.");
}

std::string introduction(const Evaluation& e) {
  const auto& pictures = e.study->pictures();
  std::map<std::string, int> sources;
  std::size_t faces = 0, implausible = 0;
  for (const ClearPicture& picture : pictures)
    for (const Subject& subject : picture.subjects) {
      ++faces;
      ++sources[subject.source];
      implausible += !subject.face.landmarks;
    }
  std::string text = "Read as: " + e.study->set().convention + ". " +
                     std::to_string(pictures.size()) + " pictures, " + std::to_string(faces) +
                     " faces; their boxes by";
  for (const auto& [source, count] : sources)
    text += ' ' + source + " (" + std::to_string(count) + ")";
  text += ". " + std::to_string(implausible) +
          " faces have no plausible landmarks and are protected by their whole box. " +
          std::to_string(e.study->set().faults.size()) + " faults, listed at the end.";
  return text;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) (text += text.empty() ? "" : ", ") += name;
  return text;
}

std::string instruments(const Evaluation& e) {
  const auto& detectors = e.study->detectors();
  const auto networks = e.study->embedders().size() - 1;  // all but the histogram
  return "Measured with the detectors " + joined(detectors) + "; the embedders " +
         joined(e.study->embedders()) + ", lbph, eigenfaces, of which " + std::to_string(networks) +
         (networks == 1 ? " is a network" : " are networks") + "; the quality meters " +
         joined(e.study->meters()) + ".";
}

}  // namespace

Section section_of(const Evaluation& e, std::uint64_t seed) {
  Section section{e.study->set().name, {introduction(e), instruments(e)}, {}, {}};
  if (e.study->pictures().empty()) return section;
  section.tables = {detection(e), fidelity(e), quality(e), recall(e)};
  for (const auto& [embedder, attack] : e.clear.attacks)
    section.tables.push_back(recognition(e, embedder));
  if (!e.restored.empty()) section.tables.push_back(restoration(e));
  section.tables.push_back(known_plaintext(*e.study, seed));
  section.tables.push_back(eigenfaces(e));
  section.tables.push_back(by_pixels(e));

  std::vector<Variant> variants;
  for (const Outcome& outcome : e.methods) variants.push_back(outcome.trial.variant);
  section.figures = {draw_panel(*e.study, variants), draw_detections(*e.study, variants.front()),
                     curve(e, "SSIM", &Summary::ssim), curve(e, "PSNR", &Summary::psnr),
                     draw_average(e.summarizer->eigenfaces().average())};
  if (!e.clear.attacks.empty())
    section.figures.push_back(frontier(e, e.study->embedders().front()));
  return section;
}

Section protocol() {
  Section section{"How to read this", {}, {}, {}};
  section.paragraphs = {
      "Every picture is protected by the library as the element does it, pixels being 8-bit BGR "
      "and cells one pixel, unless a row says otherwise. Rank-1 is the share of pictures whose "
      "nearest other picture shows the same person. With a clear gallery the protected picture is "
      "sought among clear ones; the parrot protects his gallery in the same way. Lower is more "
      "private; chance is what a blind guess gets.",
      "Where a set has no boxes, the truth of a picture is the face that most detectors agree on; "
      "where none sees one, the median box of the other pictures stands in. Other faces that two "
      "detectors agree on count neither for nor against a detector.",
  };
  section.paragraphs.emplace_back(paper::at_hand);
  for (const auto line : paper::contradictions) section.paragraphs.emplace_back(line);
  return section;
}

}  // namespace faceperturb::eval
