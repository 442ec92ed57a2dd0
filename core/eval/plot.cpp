// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/plot.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace faceperturb::eval {
namespace {

// In single quotes gnuplot reads no escapes but the doubled quote.
std::string quoted(const std::string& text) {
  std::string out(1, '\'');
  for (const char c : text) out.append(c == '\'' ? 2 : 1, c);
  out += '\'';
  return out;
}

std::string script(const Plot& plot, const std::string& target) {
  std::ostringstream out;
  out.precision(10);
  out << "set terminal svg size 720,420 dynamic font 'sans-serif,13' noenhanced\n"
      << "set output " << quoted(target) << "\nset grid lc rgb '#d0d7de'\nset border 3\n"
      << "set tics nomirror\nset xlabel " << quoted(plot.x) << "\nset ylabel " << quoted(plot.y)
      << "\nset offsets graph 0.05, graph 0.05, graph 0.08, graph 0.05\n"
      << "set key outside bottom horizontal\n";
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    out << "$s" << i << " << EOD\n";
    for (const auto& [x, y] : plot.series[i].points) out << x << ' ' << y << '\n';
    out << "EOD\n";
  }
  out << "plot ";
  for (std::size_t i = 0; i < plot.series.size(); ++i)
    out << (i ? ", " : "") << "$s" << i << " with " << (plot.lines ? "linespoints" : "points")
        << " pt 7 ps 0.6 lw 1.5 title " << quoted(plot.series[i].name);
  out << '\n';
  return out.str();
}

}  // namespace

void need_gnuplot() {
  if (std::system("gnuplot --version >/dev/null 2>&1") != 0)
    throw std::runtime_error("the plots need gnuplot; Debian's package gnuplot-nox has it");
}

std::string svg(const Plot& plot) {
  std::string target = (std::filesystem::temp_directory_path() / "faceperturb-XXXXXX").string();
  const int file = mkstemp(target.data());
  if (file < 0) throw std::runtime_error("cannot make a file in the temporary folder");
  close(file);
  const std::unique_ptr<std::string, void (*)(std::string*)> removed(
      &target, [](std::string* name) { std::filesystem::remove(*name); });

  std::FILE* gnuplot = popen("gnuplot", "w");
  if (!gnuplot) throw std::runtime_error("gnuplot cannot be run");
  const std::string commands = script(plot, target);
  std::fwrite(commands.data(), 1, commands.size(), gnuplot);
  const bool failed = pclose(gnuplot) != 0;
  std::ifstream in(target);
  std::ostringstream text;
  text << in.rdbuf();
  if (failed || text.str().empty()) throw std::runtime_error("gnuplot failed");
  return text.str();
}

}  // namespace faceperturb::eval
