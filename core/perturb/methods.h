// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "faces/face.h"
#include "frame/cells.h"
#include "perturb/random.h"

namespace faceperturb {

enum class Method { shuffle, average, occlude, noise, superpixel, blur, cae };

/// Numbers that a method can be tuned by.
enum class Parameter { average_levelling, noise_sigma, superpixel_size, blur_sigma };

struct ParameterInfo {
  Parameter parameter;
  Method method;  ///< the one that has it
  std::string_view name;
  std::string_view nick;
  std::string_view description;  ///< with its unit
  double least;
  double most;
  double preset;
  bool whole;  ///< only whole numbers
};

/// Every parameter, in the order of the enumeration.
std::span<const ParameterInfo> parameters();
constexpr std::size_t parameter_count = 4;

/// A value for every parameter; starts with those of the table.
class ParameterValues {
 public:
  ParameterValues();
  double operator[](Parameter parameter) const {
    return values_[static_cast<std::size_t>(parameter)];
  }
  /// Clamped to the parameter's range.
  void set(Parameter parameter, double value);

 private:
  std::array<double, parameter_count> values_;
};

/// One face of one frame, and the cells that are to be perturbed: at least one.
struct FaceCells {
  const Frame& frame;
  const CellGrid& grid;
  const Face& face;
  std::span<Cell> cells;   ///< may be reordered
  int cell_size;           ///< luma pixels as asked for: `grid`'s cells may be larger
  bool scattered = false;  ///< drawn from a region that has more
};

struct Workspace;

/// One method. `apply` changes the cells in place and nothing else, as `random` draws; `undo`,
/// given the same cells and a stream that starts alike, brings them back, and is null where that
/// cannot be done.
struct MethodInfo {
  using Function = void (*)(const FaceCells& face, const ParameterValues& parameters,
                            RandomStream& random, Workspace& workspace);
  Method method;
  std::string_view name;
  std::string_view description;
  bool permutation;  ///< moves what is there and changes no value
  Function apply;
  Function undo;
};

/// Every method, in the order of the enumeration. Options, documentation and tests are driven by
/// it.
std::span<const MethodInfo> methods();
const MethodInfo& method_info(Method method);

}  // namespace faceperturb
