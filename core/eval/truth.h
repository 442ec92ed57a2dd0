// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "eval/datasets.h"

namespace faceperturb::eval {

/// The readers of truth. All throw DatasetError, naming the file.

/// By file name; boxes are square and as HOG draws them.
using TruthOfFiles = std::map<std::string, std::vector<TruthFace>>;

/// dlib's image data set: boxes, with 68 parts where the file has them.
TruthOfFiles read_dlib_xml(const std::filesystem::path& file);
/// PASCAL VOC's annotation of one picture: its file name and the boxes of whole heads.
TruthOfFiles read_voc_xml(const std::filesystem::path& file);
/// A line a picture: its name and 68 pairs of coordinates. Lines that are others are told in
/// `faults`.
TruthOfFiles read_landmark_csv(const std::filesystem::path& file, std::vector<std::string>& faults);
/// iBUG's 68 landmarks of one picture; coordinates begin at 1.
TruthFace read_pts(const std::filesystem::path& file);
/// Webmorph's template: of its points the two pupils are used.
TruthFace read_tem(const std::filesystem::path& file);
/// A line a frame, `x1,y1,x2,y2` or NaN where there is no face.
std::vector<std::optional<Rect>> read_boxes(const std::filesystem::path& file);

}  // namespace faceperturb::eval
