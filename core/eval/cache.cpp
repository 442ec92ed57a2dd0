// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/cache.h"

#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <thread>

#include "eval/seed.h"

namespace faceperturb::eval {
namespace {

using nlohmann::json;

json to_json(const Rect& box) { return {box.x, box.y, box.width, box.height}; }
Rect to_rect(const json& j) { return {j.at(0), j.at(1), j.at(2), j.at(3)}; }

json to_json(const Measurement& m) {
  json detections = json::array();
  for (const auto& by_detector : m.look.detections) {
    json all = json::array();
    for (const Detection& d : by_detector) all.push_back({to_json(d.box), d.score});
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
    for (const json& d : by_detector) all.push_back({.box = to_rect(d.at(0)), .score = d.at(1)});
  }
  m.look.embeddings = j.at("embeddings").get<std::vector<Embedding>>();
  m.look.quality = j.at("quality").get<std::vector<double>>();
  const auto& aligned = j.at("aligned").get_binary();
  if (!aligned.empty()) m.look.aligned = cv::Mat(aligned, true).reshape(1, j.at("rows").get<int>());
  return m;
}

}  // namespace

Cache::Cache(std::filesystem::path folder) : folder_(std::move(folder)) {
  if (!folder_.empty()) std::filesystem::create_directories(folder_);
}

std::filesystem::path Cache::file_of(const std::string& key) const {
  char name[32];
  std::snprintf(name, sizeof name, "%016llx.cbor", static_cast<unsigned long long>(hash(key)));
  return folder_ / name;
}

std::optional<Measurement> Cache::load(const std::string& key) const {
  if (folder_.empty()) return std::nullopt;
  std::ifstream in(file_of(key), std::ios::binary);
  if (!in) return std::nullopt;
  try {
    const json j = json::from_cbor(in);
    if (j.at("key") != key) return std::nullopt;
    return to_measurement(j);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

void Cache::store(const std::string& key, const Measurement& measurement) const {
  if (folder_.empty()) return;
  json j = to_json(measurement);
  j["key"] = key;
  const auto bytes = json::to_cbor(j);
  const auto file = file_of(key);
  auto part = file;
  part += "." + std::to_string(std::hash<std::thread::id>{}(std::this_thread::get_id()));
  {
    std::ofstream out(part, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
    if (!out.flush()) throw std::runtime_error("cannot write '" + part.string() + "'");
  }
  std::filesystem::rename(part, file);
}

}  // namespace faceperturb::eval
