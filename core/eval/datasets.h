// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "eval/identification.h"
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
  Identity identity;             ///< no person where the set does not say
  std::vector<TruthFace> faces;  ///< empty where the set has no truth
};

/// A clip and where its face is, frame by frame.
struct Clip {
  std::filesystem::path file;
  std::vector<std::optional<Rect>> boxes;  ///< empty where the set has no truth
};

struct Dataset {
  std::string name;
  std::string convention;  ///< how the folder was read
  std::vector<Sample> samples;
  std::vector<Clip> clips;
  std::vector<std::string> faults;  ///< what could not be used, naming the file
};

/// Reads a folder, by what is in it:
/// - videos, with `gt.txt` beside them (one box a frame);
/// - a dlib data set (`*.xml`), or VOC annotations in `xml/` and pictures in `images/`;
/// - a `*.csv` of 68 landmarks a picture; `Name_VF.jpg` is frame F of the V-th video of Name;
/// - pictures with `.pts` or `.tem` files beside them; with `.tem` the first three characters of
///   the name are the person;
/// - else one folder a person with pictures in them.
/// Samples are in the order of their names. What cannot be read is left out and told in `faults`.
/// Throws DatasetError where there is nothing to use.
Dataset load_dataset(const std::filesystem::path& folder);

/// Leaves of each person the first `count` pictures, and nobody who has fewer.
void keep_per_person(Dataset& set, std::size_t count);

}  // namespace faceperturb::eval
