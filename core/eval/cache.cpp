// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/cache.h"

#include <dlfcn.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <utility>

#include "eval/seed.h"

namespace faceperturb::eval {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

json to_json(const Rect& box) { return {box.x, box.y, box.width, box.height}; }
Rect to_rect(const json& j) { return {j.at(0), j.at(1), j.at(2), j.at(3)}; }

json to_json(const Measurement& m) {
  json detections = json::array();
  for (const auto& by_detector : m.look.detections) {
    json all = json::array();
    for (const Detection& d : by_detector) all.push_back({to_json(d.box), d.score, d.sure});
    detections.push_back(all);
  }
  std::vector<std::uint8_t> aligned;
  if (!m.look.aligned.empty()) aligned.assign(m.look.aligned.datastart, m.look.aligned.dataend);
  return {{"ssim", m.ssim},
          {"psnr", m.psnr},
          {"ms", m.milliseconds},
          {"fault", m.fault},
          {"detections", detections},
          {"embeddings", m.look.embeddings},
          {"quality", m.look.quality},
          {"rows", m.look.aligned.rows},
          {"aligned", json::binary(aligned)}};
}

Measurement to_measurement(const json& j) {
  Measurement m;
  m.ssim = j.at("ssim");
  m.psnr = j.at("psnr");
  m.milliseconds = j.at("ms");
  m.fault = j.at("fault");
  for (const json& by_detector : j.at("detections")) {
    auto& all = m.look.detections.emplace_back();
    for (const json& d : by_detector)
      all.push_back({.box = to_rect(d.at(0)), .score = d.at(1), .sure = d.at(2)});
  }
  m.look.embeddings = j.at("embeddings").get<std::vector<Embedding>>();
  m.look.quality = j.at("quality").get<std::vector<double>>();
  const auto& aligned = j.at("aligned").get_binary();
  if (!aligned.empty()) m.look.aligned = cv::Mat(aligned, true).reshape(1, j.at("rows").get<int>());
  return m;
}

// Reads what `convert` makes of the value that was stored under `key`.
template <typename Convert>
auto read(const std::filesystem::path& file, const std::string& key, Convert convert)
    -> std::optional<decltype(convert(json()))> {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  try {
    const json j = json::from_cbor(in);
    if (j.at("key") != key) return std::nullopt;
    return convert(j.at("value"));
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

// Whole or not at all: another run may read it, and this one may be stopped.
void write(const std::filesystem::path& file, const std::string& key, json value) {
  const auto bytes = json::to_cbor({{"key", key}, {"value", std::move(value)}});
  auto part = file;
  part += "." + std::to_string(std::hash<std::thread::id>{}(std::this_thread::get_id()));
  {
    std::ofstream out(part, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
    if (!out.flush())
      throw CacheError("cannot write '" + part.string() + "': " + std::strerror(errno));
  }
  std::error_code error;
  std::filesystem::rename(part, file, error);
  if (error) throw CacheError("cannot write '" + file.string() + "': " + error.message());
}

// The program and the library: what another build measured is not taken from a cache.
std::string build() {
  Dl_info library{};
  dladdr(reinterpret_cast<const void*>(&method_info), &library);
  return stamp("/proc/self/exe") + ' ' + stamp(library.dli_fname ? library.dli_fname : "");
}

}  // namespace

std::string stamp(const fs::path& file) {
  std::error_code error;
  std::ostringstream text;
  text << file.string() << ' ' << fs::file_size(file, error) << ' '
       << fs::last_write_time(file, error).time_since_epoch().count();
  return text.str();
}

std::string fingerprint(const Models& models) {
  std::string text = build() + ' ' + stamp(models.landmarks);
  const auto add = [&](const std::string& model, const std::vector<std::string>& files) {
    text += " | " + model;
    for (const auto& file : files) text += ' ' + stamp(file);
  };
  for (const auto& model : models.detectors) add(model, files_of(model));
  for (const auto& model : models.embedders) add(model, embedder_files(model));
  for (const auto& model : models.quality) add(model, {model});
  return text;
}

Cache::Cache(std::filesystem::path folder) : folder_(std::move(folder)) {
  if (folder_.empty()) return;
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error)
    throw CacheError("cannot make the folder '" + folder_.string() + "': " + error.message());
}

std::filesystem::path Cache::file_of(const std::string& key) const {
  char name[32];
  std::snprintf(name, sizeof name, "%016llx.cbor", static_cast<unsigned long long>(hash(key)));
  return folder_ / name;
}

std::optional<Measurement> Cache::load(const std::string& key) const {
  if (folder_.empty()) return std::nullopt;
  return read(file_of(key), key, to_measurement);
}

std::optional<std::vector<double>> Cache::load_row(const std::string& key) const {
  if (folder_.empty()) return std::nullopt;
  return read(file_of(key), key, [](const json& j) { return j.get<std::vector<double>>(); });
}

void Cache::store(const std::string& key, const Measurement& measurement) const {
  if (!folder_.empty()) write(file_of(key), key, to_json(measurement));
}

void Cache::store_row(const std::string& key, const std::vector<double>& row) const {
  if (!folder_.empty()) write(file_of(key), key, row);
}

}  // namespace faceperturb::eval
