// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/evaluation.h"

#include "eval/paper.h"

namespace faceperturb::eval {
namespace {

std::vector<Trial> trials_of(std::span<const Variant> variants, Depth depth) {
  std::vector<Trial> trials;
  for (const Variant& variant : variants) trials.push_back({variant, depth, nullptr});
  return trials;
}

std::vector<Trial> at_the_papers_pixels() {
  return trials_of(methods_at(paper::pixels), Depth::everything);
}

std::vector<Trial> on_whole_regions() {
  std::vector<Trial> trials;
  for (const Regions regions :
       {Regions::eyes | Regions::nose | Regions::mouth, Regions::face, Regions::head})
    for (const Trial& trial : trials_of(methods_on(regions), Depth::everything))
      trials.push_back(trial);
  return trials;
}

std::vector<Trial> with_restoration() {
  std::vector<Trial> trials;
  for (const auto& variants : {methods_at(paper::pixels), methods_on(Regions::head)})
    for (const Variant& variant : variants)
      for (const Restoration& restoration : restorations())
        trials.push_back({variant, Depth::identity, &restoration});
  return trials;
}

std::vector<Trial> by_pixels() {
  std::vector<Trial> trials;
  for (int n = paper::least_pixels; n <= paper::most_pixels; n += paper::pixels_step)
    for (const Trial& trial : trials_of(methods_at(n), Depth::fidelity)) trials.push_back(trial);
  return trials;
}

std::vector<Outcome> run(Study& study, const Summarizer& summarizer,
                         const std::vector<Trial>& trials) {
  std::vector<Outcome> outcomes;
  for (const Trial& trial : trials) outcomes.push_back({trial, summarizer.of(study.run(trial))});
  return outcomes;
}

}  // namespace

std::size_t steps(const Dataset& set) {
  const bool people = !set.samples.empty() && !set.samples.front().identity.person.empty();
  const std::size_t trials = 1 + at_the_papers_pixels().size() + on_whole_regions().size() +
                             (people ? with_restoration().size() : 0) + by_pixels().size();
  return trials * set.samples.size();
}

Evaluation evaluate(Dataset set, const Plan& plan) {
  Evaluation result;
  result.study = std::make_unique<Study>(std::move(set), plan);
  Study& study = *result.study;
  if (study.pictures().empty()) return result;
  result.summarizer = std::make_unique<Summarizer>(study, plan.seed);
  const Summarizer& summarizer = *result.summarizer;
  result.clear = summarizer.clear();
  result.methods = run(study, summarizer, at_the_papers_pixels());
  result.areas = run(study, summarizer, on_whole_regions());
  if (!result.clear.attacks.empty()) result.restored = run(study, summarizer, with_restoration());
  result.curve = run(study, summarizer, by_pixels());
  return result;
}

}  // namespace faceperturb::eval
