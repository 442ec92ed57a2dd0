// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/known_plaintext.h"

#include "eval/attacks.h"
#include "eval/measure.h"
#include "eval/paper.h"
#include "eval/variants.h"

namespace faceperturb::eval {
namespace {

constexpr std::size_t most_pairs = 12;

// Pictures of the size of the first.
std::vector<cv::Mat> of_one_size(const Study& study) {
  std::vector<cv::Mat> pictures;
  const auto& all = study.pictures();
  for (const ClearPicture& picture : all)
    if (picture.size == all.front().size && pictures.size() <= most_pairs)
      pictures.push_back(study.clear(picture));
  return pictures;
}

double restored(const std::vector<cv::Mat>& clear, const std::vector<Face>& faces,
                const Settings& settings, std::uint64_t seed, bool fixed) {
  std::vector<cv::Mat> changed;
  for (std::size_t i = 0; i < clear.size(); ++i)
    changed.push_back(protect(clear[i], faces, settings, fixed ? seed : seed + i)[0].bgr);
  const auto pairs = clear.size() - 1;
  const std::span<const cv::Mat> before(clear), after(changed);
  const KnownPlaintext attack(before.first(pairs), after.first(pairs));
  return restored_share(clear.back(), changed.back(), attack.restore(changed.back()));
}

}  // namespace

Table known_plaintext(const Study& study, std::uint64_t seed) {
  Table table{study.set().name + "-known-plaintext",
              "Known plaintext",
              "Share of the changed pixels of a picture that the attacker restores, who has the "
              "clear pictures of others, all protected at the same place. The element draws a new "
              "permutation for every frame.",
              {"clear pictures known", "one permutation for all", "a new one for each"},
              {}};
  const auto pictures = of_one_size(study);
  if (pictures.size() < 2) return table;
  const std::vector<Face> faces{study.pictures().front().subjects.front().face};
  for (const Variant& variant : methods_at(paper::pixels))
    table.rows.push_back({variant.method,
                          {static_cast<double>(pictures.size() - 1),
                           restored(pictures, faces, variant.settings, seed, true),
                           restored(pictures, faces, variant.settings, seed, false)}});
  return table;
}

}  // namespace faceperturb::eval
