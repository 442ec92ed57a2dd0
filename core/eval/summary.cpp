// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/summary.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "eval/metrics.h"

namespace faceperturb::eval {
namespace {

constexpr int most_components = 100;
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

// The paper's threshold is for networks; the scores of the first two detectors have other scales,
// and count where these are sure.
double least_score(const std::string& detector) {
  if (detector == "hog") return 0;
  return detector == "cascade" ? 3 : 0.8;
}

double mean(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? unknown : sum / static_cast<double>(values.size());
}

double median(std::vector<double> values) {
  if (values.empty()) return unknown;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

std::vector<Rect> truth_of(const ClearPicture& picture) {
  std::vector<Rect> boxes;
  for (const Subject& subject : picture.subjects) boxes.push_back(subject.face.box);
  return boxes;
}

// The eigenfaces of whatever gallery the attacker has: empty looks stay empty.
std::vector<Embedding> eigen_embeddings(std::span<const Look* const> looks,
                                        const Eigenspace& space) {
  std::vector<Embedding> all;
  for (const Look* look : looks)
    all.push_back(look->aligned.empty() ? Embedding{} : space.embed(look->aligned));
  return all;
}

Eigenspace eigenspace_of(std::span<const Look* const> looks) {
  std::vector<cv::Mat> faces;
  for (const Look* look : looks)
    if (!look->aligned.empty()) faces.push_back(look->aligned);
  return {faces, most_components};
}

std::vector<Embedding> lbph_embeddings(std::span<const Look* const> looks) {
  std::vector<Embedding> all;
  for (const Look* look : looks)
    all.push_back(look->aligned.empty() ? Embedding{} : lbph(look->aligned));
  return all;
}

std::vector<Embedding> net_embeddings(std::span<const Look* const> looks, std::size_t embedder) {
  std::vector<Embedding> all;
  for (const Look* look : looks)
    all.push_back(look->embeddings.empty() ? Embedding{} : look->embeddings[embedder]);
  return all;
}

std::vector<const Look*> clear_looks(const Study& study) {
  std::vector<const Look*> looks;
  for (const ClearPicture& picture : study.pictures()) looks.push_back(&picture.look);
  return looks;
}

}  // namespace

Summarizer::Summarizer(const Study& study, std::uint64_t seed) : study_(study), seed_(seed) {
  std::set<std::string> people;
  for (const ClearPicture& picture : study.pictures()) {
    identities_.push_back(picture.sample.identity);
    people.insert(picture.sample.identity.person);
  }
  people_ = people.size() > 1 && people.size() < identities_.size();
  const auto looks = clear_looks(study);
  if (looks.empty()) return;
  eigenfaces_.emplace(eigenspace_of(looks));
  for (const Look* look : looks) coordinates_.push_back(eigenfaces_->project(look->aligned));
  for (std::size_t e = 0; e < study.embedders().size(); ++e)
    gallery_[study.embedders()[e]] = net_embeddings(looks, e);
  gallery_["lbph"] = lbph_embeddings(looks);
  gallery_["eigenfaces"] = eigen_embeddings(looks, *eigenfaces_);
}

Summary Summarizer::clear() const {
  Summary summary = summarize(clear_looks(study_));
  summary.ssim = 1;
  summary.psnr = std::numeric_limits<double>::infinity();
  summary.milliseconds = unknown;
  return summary;
}

Summary Summarizer::of(std::span<const Measurement> measurements) const {
  std::vector<const Look*> looks;
  std::vector<double> ssims, psnrs, times;
  for (const Measurement& m : measurements) {
    looks.push_back(&m.look);
    if (!m.fault.empty()) continue;
    ssims.push_back(m.ssim);
    psnrs.push_back(m.psnr);
    times.push_back(m.milliseconds);
  }
  Summary summary = summarize(looks);
  summary.pictures = ssims.size();
  summary.ssim = mean(ssims);
  summary.psnr = mean(psnrs);
  summary.milliseconds = median(times);
  return summary;
}

Summary Summarizer::summarize(std::span<const Look* const> looks) const {
  Summary summary;
  summary.pictures = looks.size();
  std::vector<double> distances(looks.size(), unknown);
  for (std::size_t i = 0; i < looks.size(); ++i)
    if (!looks[i]->aligned.empty())
      distances[i] = squared_distance(coordinates_[i], eigenfaces_->project(looks[i]->aligned));
  auto known = distances;
  std::erase_if(known, [](double d) { return std::isnan(d); });
  summary.mean_distance = mean(known);
  summary.max_distance = known.empty() ? unknown : std::ranges::max(known);

  const auto& pictures = study_.pictures();
  for (std::size_t d = 0; d < study_.detectors().size(); ++d) {
    DetectorSummary result;
    DetectionScorer scorer;
    for (std::size_t i = 0; i < looks.size(); ++i) {
      if (looks[i]->detections.empty()) continue;
      const auto& now = looks[i]->detections[d];
      const auto truth = truth_of(pictures[i]);
      scorer.add(now, truth, pictures[i].ignored);
      for (const Detection& before : pictures[i].look.detections[d]) {
        if (!before.sure) continue;
        if (std::ranges::none_of(truth, [&](const Rect& b) { return iou(b, before.box) > 0.4; }))
          continue;
        const bool seen = std::ranges::any_of(now, [&](const Detection& after) {
          return after.sure && iou(after.box, before.box) >= 0.5;
        });
        result.moved.push_back({distances[i], seen});
      }
    }
    const auto seen = std::ranges::count_if(result.moved, &Moved::seen);
    result.recall = result.moved.empty()
                        ? unknown
                        : static_cast<double>(seen) / static_cast<double>(result.moved.size());
    result.score = scorer.score(least_score(study_.detectors()[d]));
    summary.detectors.push_back(std::move(result));
  }
  for (std::size_t q = 0; q < study_.meters().size(); ++q) {
    std::vector<double> values;
    for (const Look* look : looks)
      if (!look->quality.empty()) values.push_back(look->quality[q]);
    summary.quality.push_back(mean(values));
  }
  if (people_) recognise_all(looks, summary);
  return summary;
}

void Summarizer::recognise_all(std::span<const Look* const> looks, Summary& summary) const {
  if (std::ranges::all_of(looks, [](const Look* look) { return look->aligned.empty(); })) return;
  const auto attack = [&](const std::string& name, const std::vector<Embedding>& probes,
                          const std::vector<Embedding>& parrot) {
    const auto& gallery = gallery_.at(name);
    summary.attacks[name] = {
        recognise(probes, gallery, identities_, probes == gallery, seed_),
        recognise(parrot, parrot, identities_, true, seed_),
    };
  };
  for (std::size_t e = 0; e < study_.embedders().size(); ++e) {
    const auto probes = net_embeddings(looks, e);
    attack(study_.embedders()[e], probes, probes);
  }
  const auto textures = lbph_embeddings(looks);
  attack("lbph", textures, textures);
  attack("eigenfaces", eigen_embeddings(looks, *eigenfaces_),
         eigen_embeddings(looks, eigenspace_of(looks)));
}

}  // namespace faceperturb::eval
