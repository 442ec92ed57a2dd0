// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "faces/face.h"

namespace faceperturb::eval {

/// A data set that cannot be used. what() names the file and the fault.
class DatasetError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A face as the data set's truth has it.
struct TruthFace {
  Rect box;  ///< brought to brows to chin, as Detection::box is
  std::optional<Landmarks> landmarks;
};

struct Sample {
  std::filesystem::path file;
  std::string person;            ///< empty where the set does not say
  std::vector<TruthFace> faces;  ///< empty where the set has no truth
};

struct Dataset {
  std::string name;
  std::string convention;  ///< which of the folder conventions it follows
  std::vector<Sample> samples;
  std::vector<std::string> faults;  ///< what could not be read, naming the file
};

/// Reads a folder: one folder a person with pictures in them. Samples are in the order of their
/// names. Throws DatasetError where there is nothing to use.
Dataset load_dataset(const std::filesystem::path& folder);

}  // namespace faceperturb::eval
