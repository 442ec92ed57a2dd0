// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perturb/methods.h"

#include <algorithm>

#include "perturb/filters.h"
#include "perturb/permutation.h"
#include "perturb/workspace.h"

namespace faceperturb {
namespace {

// Calls `permute(cells)` for the cells of each shape.
template <typename Permute>
void for_each_shape(const FaceCells& face, Permute permute) {
  std::size_t begin = 0;
  for (const std::size_t end : sort_by_shape(face.grid, face.cells)) {
    if (end > begin) permute(face.cells.subspan(begin, end - begin));
    begin = end;
  }
}

void shuffle(const FaceCells& face, const ParameterValues&, RandomStream& random,
             Workspace& workspace) {
  for_each_shape(face, [&](std::span<const Cell> cells) {
    random_permutation(cells.size(), random, workspace.from);
    workspace.mover.permute(face.frame, face.grid, cells, workspace.from);
  });
}

void unshuffle(const FaceCells& face, const ParameterValues&, RandomStream& random,
               Workspace& workspace) {
  for_each_shape(face, [&](std::span<const Cell> cells) {
    random_permutation(cells.size(), random, workspace.from);
    invert(workspace.from, workspace.inverse);
    workspace.mover.permute(face.frame, face.grid, cells, workspace.inverse);
  });
}

void average(const FaceCells& face, const ParameterValues& parameters, RandomStream&,
             Workspace& workspace) {
  workspace.average.arrange(face, static_cast<float>(parameters[Parameter::average_levelling]));
}

void cae(const FaceCells& face, const ParameterValues&, RandomStream&, Workspace& workspace) {
  workspace.cae.apply(face);
}

constexpr std::array method_table{
    MethodInfo{Method::shuffle, "shuffle",
               "Random permutation of the cells, a new one for every face and frame", true, shuffle,
               unshuffle},
    MethodInfo{Method::average, "average",
               "Permutation that arranges the face's own cells to the average face", true, average,
               nullptr},
    MethodInfo{Method::occlude, "occlude", "Opaque black", false, occlude, nullptr},
    MethodInfo{Method::noise, "noise", "Gaussian noise added to every sample", false, noise,
               nullptr},
    MethodInfo{Method::superpixel, "superpixel", "Mosaic of square tiles of their mean colour",
               false, superpixel, nullptr},
    MethodInfo{Method::blur, "blur", "Gaussian blur", false, blur, nullptr},
    MethodInfo{Method::cae, "cae", "Reconstruction by a small convolutional autoencoder", false,
               cae, nullptr},
};

// None goes to where its method does nothing.
constexpr std::array parameter_table{
    ParameterInfo{Parameter::average_levelling, Method::average, "average-levelling",
                  "Average levelling",
                  "How far method average draws the face's tones to those of the average face; 0 = "
                  "not, it only moves them, 1 = of its own only their mean and spread remain",
                  0, 1, 0, false},
    ParameterInfo{Parameter::noise_sigma, Method::noise, "noise-sigma", "Noise sigma",
                  "Standard deviation of method noise; 1 = the whole range of a sample", 0.05, 1,
                  0.8, false},
    ParameterInfo{
        Parameter::superpixel_size, Method::superpixel, "superpixel-size", "Super-pixel size",
        "Width and height in pixels of the tiles of method superpixel", 2, 1024, 24, true},
    ParameterInfo{Parameter::blur_sigma, Method::blur, "blur-sigma", "Blur sigma",
                  "Standard deviation of method blur as a share of the face's width", 0.02, 1, 0.15,
                  false},
};

template <typename Table, typename Key>
constexpr bool in_enum_order(const Table& table, Key key) {
  for (std::size_t i = 0; i < table.size(); ++i)
    if (static_cast<std::size_t>(table[i].*key) != i) return false;
  return true;
}
static_assert(in_enum_order(method_table, &MethodInfo::method));
static_assert(in_enum_order(parameter_table, &ParameterInfo::parameter));
static_assert(parameter_table.size() == parameter_count);

}  // namespace

std::span<const MethodInfo> methods() { return method_table; }

const MethodInfo& method_info(Method method) {
  return method_table[static_cast<std::size_t>(method)];
}

std::span<const ParameterInfo> parameters() { return parameter_table; }

ParameterValues::ParameterValues() {
  std::ranges::transform(parameter_table, values_.begin(), &ParameterInfo::preset);
}

void ParameterValues::set(Parameter parameter, double value) {
  const auto i = static_cast<std::size_t>(parameter);
  values_[i] = std::clamp(value, parameter_table[i].least, parameter_table[i].most);
}

}  // namespace faceperturb
