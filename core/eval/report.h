// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "eval/identification.h"

namespace faceperturb::eval {

/// A number (NaN: not known), one with its interval, or words.
using Value = std::variant<double, Rate, std::string>;

struct Table {
  struct Row {
    std::string name;
    std::vector<Value> values;
  };
  std::string id;  ///< unique within the report; names it in the CSV and JSON files
  std::string title;
  std::string note;  ///< how it was measured
  std::vector<std::string> columns;
  std::vector<Row> rows;
};

/// A picture in the page.
struct Figure {
  std::string title;
  std::string note;
  std::string type;  ///< "image/svg+xml", "image/png" or "image/jpeg"
  std::string bytes;
};

struct Section {
  std::string title;
  std::vector<std::string> paragraphs;
  std::vector<Table> tables;
  std::vector<Figure> figures;
};

struct Report {
  std::string title;
  std::string command;  ///< that made it
  std::vector<Section> sections;
};

/// Writes index.html, which needs no other file and no network, and the tables as report.csv (a
/// line a value: table, row, column, value, low, high) and report.json. Throws std::runtime_error
/// naming the file that cannot be written.
void write(const Report& report, const std::filesystem::path& folder);

}  // namespace faceperturb::eval
