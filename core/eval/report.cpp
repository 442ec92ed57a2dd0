// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/report.h"

#include <sodium.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

namespace faceperturb::eval {
namespace {

constexpr const char* style = R"(
:root{color-scheme:light}
body{font:16px/1.5 system-ui,sans-serif;color:#1b1f24;background:#fff;max-width:70rem;margin:0 auto;padding:1rem}
h1{font-size:1.6rem;line-height:1.2}h2{font-size:1.25rem;margin-top:2.5rem;border-bottom:1px solid #d0d7de}
h3{font-size:1rem;margin:1.5rem 0 .3rem}
p{max-width:48rem}.note{color:#57606a;font-size:.875rem;max-width:48rem;margin:.2rem 0 .6rem}
code{font-size:.875rem;overflow-wrap:anywhere}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.8125rem;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .6rem;text-align:right;border-bottom:1px solid #eaeef2}
th{font-weight:600;vertical-align:bottom}
th:first-child,td:first-child{text-align:left;position:sticky;left:0;background:#fff;white-space:nowrap}
td.words{text-align:left}
td{white-space:nowrap}small{color:#57606a}
tbody tr:nth-child(even) td{background:#f6f8fa}
figure{margin:1rem 0}figure img{max-width:100%;height:auto}
nav ul{columns:20rem;padding-left:1.2rem;font-size:.875rem}
@media(max-width:40rem){body{padding:.6rem}th:first-child,td:first-child{white-space:normal;min-width:6rem}}
@media print{body{max-width:none;font-size:10pt}table{font-size:7.5pt}th,td{padding:.1rem .3rem}h2,h3,.note{break-after:avoid}tr,figure{break-inside:avoid}.scroll{overflow:visible}nav{display:none}}
)";

std::string escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string base64(const std::string& bytes) {
  std::string out(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  out.resize(out.find('\0'));
  return out;
}

// Three or four significant digits.
std::string readable(double value) {
  if (std::isnan(value)) return "–";
  if (std::isinf(value)) return value > 0 ? "∞" : "-∞";
  char text[32];
  const double size = std::abs(value);
  const int decimals = value == std::round(value) && size >= 10 ? 0
                       : size >= 100                            ? 1
                       : size >= 10                             ? 2
                       : size >= 0.01 || size == 0              ? 3
                                                                : 5;
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

struct CellWriter {
  std::ostream& out;
  bool alone;  // in its row
  void operator()(double value) const { out << "<td>" << readable(value) << "</td>"; }
  void operator()(const Rate& rate) const {
    char text[64];
    std::snprintf(text, sizeof text, "%.3f <small>%.3f–%.3f</small>", rate.value, rate.low,
                  rate.high);
    out << "<td>" << (std::isnan(rate.low) ? readable(rate.value) : text) << "</td>";
  }
  void operator()(const std::string& words) const {
    out << "<td class=words" << (alone ? " colspan=100" : "") << '>' << escape(words) << "</td>";
  }
};

void write_table(std::ostream& out, const Table& table) {
  out << "<h3 id=\"" << table.id << "\">" << escape(table.title) << "</h3>\n";
  if (!table.note.empty()) out << "<p class=note>" << escape(table.note) << "</p>\n";
  out << "<div class=scroll><table><thead><tr><th></th>";
  for (const auto& column : table.columns) out << "<th>" << escape(column) << "</th>";
  out << "</tr></thead><tbody>\n";
  for (const auto& row : table.rows) {
    out << "<tr><td>" << escape(row.name) << "</td>";
    for (const Value& value : row.values)
      std::visit(CellWriter{out, row.values.size() == 1}, value);
    out << "</tr>\n";
  }
  out << "</tbody></table></div>\n";
}

void write_figure(std::ostream& out, const Figure& figure) {
  out << "<figure><h3>" << escape(figure.title) << "</h3>";
  if (!figure.note.empty()) out << "<p class=note>" << escape(figure.note) << "</p>";
  out << "<img alt=\"" << escape(figure.title) << "\" src=\"data:" << figure.type << ";base64,"
      << base64(figure.bytes) << "\"></figure>\n";
}

std::string html(const Report& report) {
  std::ostringstream out;
  out << "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
      << "<meta name=viewport content=\"width=device-width,initial-scale=1\"><title>"
      << escape(report.title) << "</title><style>" << style << "</style></head><body>\n<h1>"
      << escape(report.title) << "</h1>\n<p><code>" << escape(report.command)
      << "</code></p>\n<nav><ul>\n";
  for (std::size_t i = 0; i < report.sections.size(); ++i)
    out << "<li><a href=\"#s" << i << "\">" << escape(report.sections[i].title) << "</a></li>\n";
  out << "</ul></nav>\n";
  for (std::size_t i = 0; i < report.sections.size(); ++i) {
    const Section& section = report.sections[i];
    out << "<section><h2 id=s" << i << ">" << escape(section.title) << "</h2>\n";
    for (const auto& paragraph : section.paragraphs) out << "<p>" << escape(paragraph) << "</p>\n";
    for (const auto& table : section.tables) write_table(out, table);
    for (const auto& figure : section.figures) write_figure(out, figure);
    out << "</section>\n";
  }
  out << "</body></html>\n";
  return out.str();
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::string exact(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return std::isnan(value) ? "" : text;
}

template <typename Visit>
void for_each_value(const Report& report, Visit visit) {
  for (const Section& section : report.sections)
    for (const Table& table : section.tables)
      for (const auto& row : table.rows)
        for (std::size_t i = 0; i < row.values.size(); ++i)
          visit(table, row.name, table.columns.at(i), row.values[i]);
}

struct CsvWriter {
  std::ostream& out;
  void operator()(double value) const { out << exact(value) << ",,"; }
  void operator()(const Rate& rate) const {
    out << exact(rate.value) << ',' << exact(rate.low) << ',' << exact(rate.high);
  }
  void operator()(const std::string& words) const { out << quoted(words) << ",,"; }
};

std::string csv(const Report& report) {
  std::ostringstream out;
  out << "table,row,column,value,low,high\n";
  for_each_value(report,
                 [&](const Table& table, const auto& row, const auto& column, const Value& value) {
                   out << quoted(table.id) << ',' << quoted(row) << ',' << quoted(column) << ',';
                   std::visit(CsvWriter{out}, value);
                   out << '\n';
                 });
  return out.str();
}

using nlohmann::ordered_json;

struct JsonMaker {
  ordered_json operator()(double value) const { return value; }
  ordered_json operator()(const Rate& rate) const {
    return {{"value", rate.value}, {"low", rate.low}, {"high", rate.high}};
  }
  ordered_json operator()(const std::string& words) const { return words; }
};

std::string json(const Report& report) {
  ordered_json all;
  all["command"] = report.command;
  auto& tables = all["tables"];
  for_each_value(report,
                 [&](const Table& table, const auto& row, const auto& column, const Value& value) {
                   tables[table.id][row][column] = std::visit(JsonMaker{}, value);
                 });
  return all.dump(1) + '\n';
}

void write_file(const std::filesystem::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  if (!out.flush()) throw std::runtime_error("cannot write '" + file.string() + "'");
}

}  // namespace

void write(const Report& report, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  write_file(folder / "index.html", html(report));
  write_file(folder / "report.csv", csv(report));
  write_file(folder / "report.json", json(report));
}

}  // namespace faceperturb::eval
