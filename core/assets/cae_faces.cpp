// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cae_faces.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <opencv2/imgproc.hpp>
#include <string>

#include "assets/average_face.h"
#include "london.h"
#include "perturb/cae.h"

namespace faceperturb::cae {

namespace {

namespace fs = std::filesystem;
using average::Shape;
using average::Similarity;

constexpr int kRoom = 24;  // around the network's picture, in its pixels
constexpr int kZoom = 2;   // pixels of TrainingFace::picture in one of the network's
constexpr int kSide = (cae_size + 2 * kRoom) * kZoom;
constexpr double kCentre = (cae_size - 1) / 2.0;
constexpr size_t kHeldOut = 4;

Similarity inverse(const Similarity& s) {
  const double norm = s.a * s.a + s.b * s.b;
  Similarity r{.a = s.a / norm, .b = -s.b / norm};
  r.tx = -(r.a * s.tx - r.b * s.ty);
  r.ty = -(r.b * s.tx + r.a * s.ty);
  return r;
}

cv::Point2d from_average(cv::Point2d p) {
  return (p - cv::Point2d(cae_origin.x, cae_origin.y)) * (1 / cae_step);
}

Shape average_landmarks() {
  Shape points;
  for (const Point& p : average_face().landmarks) points.push_back(from_average({p.x, p.y}));
  return points;
}

Shape operator+(Shape points, const Shape& more) {
  points.insert(points.end(), more.begin(), more.end());
  return points;
}

// Points beside the landmarks that a warp needs: forehead, then the ends of the picture.
const Shape kForehead{{9, 9}, {18, 1}, {kCentre, -2}, {45, 1}, {54, 9}};
const Shape kEnds =
    average::border({-kRoom, -kRoom, cae_size + 2 * kRoom - 1, cae_size + 2 * kRoom - 1});

const average::Triangles& triangles() {
  static const average::Triangles result = [] {
    Shape points = average_landmarks() + kForehead + kEnds;
    for (auto& p : points) p += cv::Point2d(kRoom, kRoom);
    return average::triangulate(points, {cae_size + 2 * kRoom, cae_size + 2 * kRoom});
  }();
  return result;
}

// The picture at `shape`, of the network's size.
cv::Mat4f warped(const TrainingFace& face, const Shape& shape) {
  Shape source = face.points + kForehead + kEnds;
  for (auto& p : source) p = (p + cv::Point2d(kRoom, kRoom)) * kZoom;
  const cv::Mat2f map = average::warp_map(triangles(), shape, source, {cae_size, cae_size});
  cv::Mat4f picture;
  cv::remap(face.picture, picture, map, {}, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  return picture;
}

TrainingFace aligned(const cv::Mat3b& bgr, const Shape& landmarks) {
  const Similarity to = average::fit(landmarks, average_landmarks());
  TrainingFace face;
  for (const auto& p : landmarks) face.points.push_back(to(p));
  const cv::Mat1f person = average::matte(bgr);
  cv::Mat4f source(bgr.size());
  for (auto at = source.begin(); at != source.end(); ++at) {
    const cv::Vec3f c = cv::Vec3f(bgr(at.pos())) / 255;
    *at = {c[2], c[1], c[0], person(at.pos())};
  }
  const Similarity back = inverse(to);
  const double shrink = std::hypot(back.a, back.b) / kZoom;
  cv::GaussianBlur(source, source, {}, 0.8 * shrink);
  const cv::Point2d corner = back({-kRoom, -kRoom});
  const cv::Matx23d map(back.a / kZoom, -back.b / kZoom, corner.x,  //
                        back.b / kZoom, back.a / kZoom, corner.y);
  cv::warpAffine(source, face.picture, map, {kSide, kSide}, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                 cv::BORDER_REPLICATE);
  face.even = warped(face, average_landmarks() + kForehead + kEnds);
  return face;
}

// Where a point comes as the head turns a little: x' = x cos + z sin.
cv::Point2d turned(cv::Point2d p, double yaw, double pitch) {
  // How far the surface stands out: an ellipsoid with a nose, in pixels.
  const double x = p.x - kCentre, y = p.y - kCentre;
  const double round = 1 - std::pow(x / 34, 2) - std::pow(y / 44, 2);
  const double nose = 6 * std::exp(-(x * x / 20 + std::pow(y - 2, 2) / 50));
  const double z = 30 * std::sqrt(std::max(0.0, round)) + nose;
  return {kCentre + x * std::cos(yaw) + z * std::sin(yaw),
          kCentre + y * std::cos(pitch) + z * std::sin(pitch)};
}

class Dice {
 public:
  explicit Dice(std::mt19937& random) : random_(random) {}
  double uniform(double from, double to) {
    return std::uniform_real_distribution<double>(from, to)(random_);
  }
  // Bell-shaped, never beyond three times `sigma`.
  double bell(double sigma) {
    return std::clamp(std::normal_distribution<double>()(random_), -3.0, 3.0) * sigma;
  }
  bool chance(double share) { return uniform(0, 1) < share; }
  const TrainingFace& one_of(const std::vector<TrainingFace>& faces) {
    return faces[std::uniform_int_distribution<size_t>(0, faces.size() - 1)(random_)];
  }

 private:
  std::mt19937& random_;
};

cv::Mat3f backdrop(Dice& dice) {
  cv::Mat3f patches(4, 4);
  const double base = dice.uniform(0, 1), spread = dice.uniform(0, 0.4);
  for (cv::Vec3f& patch : patches) {
    const double grey = base + dice.bell(spread);
    for (int c = 0; c < 3; ++c) patch[c] = static_cast<float>(grey + dice.bell(spread / 6));
  }
  cv::Mat3f picture;
  cv::resize(patches, picture, {cae_size, cae_size}, 0, 0, cv::INTER_CUBIC);
  return picture;
}

// Another exposure, colour of light, side that the light comes from, contrast and saturation.
class Light {
 public:
  explicit Light(Dice& dice)
      : exposure_(dice.bell(0.25)),
        gamma_(std::exp(dice.bell(0.2))),
        side_(dice.bell(0.3), dice.bell(0.2)),
        saturation_(dice.chance(0.1) ? 0 : dice.uniform(0.5, 1.3)) {
    for (int c = 0; c < 3; ++c) tint_[c] = dice.bell(0.1);
  }

  void shine_on(cv::Mat3f& picture) const {
    for (auto at = picture.begin(); at != picture.end(); ++at) {
      const cv::Point2d p = cv::Point2d(at.pos()) - cv::Point2d(kCentre, kCentre);
      cv::Vec3d v;
      for (int c = 0; c < 3; ++c) {
        const double light = std::exp(exposure_ + tint_[c] + side_.dot(p) / kCentre);
        v[c] = std::pow(std::max(0.0, static_cast<double>((*at)[c])), gamma_) * light;
      }
      const double grey = 0.3 * v[0] + 0.59 * v[1] + 0.11 * v[2];
      for (int c = 0; c < 3; ++c)
        (*at)[c] = static_cast<float>(std::clamp(grey + saturation_ * (v[c] - grey), 0.0, 1.0));
    }
  }

 private:
  double exposure_, gamma_;
  cv::Point2d side_;
  double saturation_;
  cv::Vec3d tint_;
};

// A person before a backdrop.
cv::Mat3f composed(const cv::Mat4f& person, const cv::Mat3f& behind) {
  cv::Mat3f picture(person.size());
  for (auto at = picture.begin(); at != picture.end(); ++at) {
    const cv::Vec4f& v = person(at.pos());
    *at = cv::Vec3f(v[0], v[1], v[2]) * v[3] + behind(at.pos()) * (1 - v[3]);
  }
  return picture;
}

void spoil(cv::Mat3f& given, Dice& dice) {
  if (dice.chance(0.5)) cv::GaussianBlur(given, given, {}, dice.uniform(0.3, 1.5));
  const double noise = dice.uniform(0, 0.05);
  for (cv::Vec3f& v : given)
    for (int c = 0; c < 3; ++c)
      v[c] = static_cast<float>(std::clamp(v[c] + dice.bell(noise), 0.0, 1.0));
}

}  // namespace

People read_people(const fs::path& london, const fs::path& model) {
  std::map<std::string, std::vector<fs::path>> people;  // the first three digits name the person
  for (const char* folder : {"neutral_front", "smiling_front"}) {
    for (const fs::path& picture : average::find_pictures(london / folder))
      people[picture.filename().string().substr(0, 3)].push_back(picture);
  }
  average::LandmarkFinder find_landmarks(model);
  People result;
  size_t place = 0;
  for (const auto& [name, pictures] : people) {
    const bool held_out = place++ % (people.size() / kHeldOut) == kHeldOut / 2;
    for (const fs::path& picture : pictures) {
      const cv::Mat3b bgr = average::read_picture(picture);
      (held_out ? result.validation : result.training)
          .push_back(aligned(bgr, find_landmarks(bgr, picture.string())));
    }
  }
  return result;
}

cv::Mat3f plain(const TrainingFace& face) {
  cv::Mat3f picture(cae_size, cae_size);
  for (int y = 0; y < cae_size; ++y)
    for (int x = 0; x < cae_size; ++x) {
      const cv::Vec4f v = face.picture((y + kRoom) * kZoom, (x + kRoom) * kZoom);
      picture(y, x) = {v[0], v[1], v[2]};
    }
  return picture;
}

Example draw(const People& people, std::mt19937& random) {
  Dice dice(random);
  const TrainingFace& a = dice.one_of(people.training);
  const TrainingFace& b = dice.one_of(people.training);
  const double share = dice.chance(0.3) ? 0 : dice.uniform(0, 1);  // of b
  const double yaw = dice.bell(0.2), pitch = dice.bell(0.12);
  Shape points;
  for (size_t i = 0; i < a.points.size(); ++i)
    points.push_back(turned(a.points[i] * (1 - share) + b.points[i] * share, yaw, pitch));
  // Where the landmarks say, but for what a predictor errs by.
  const Similarity place = average::fit(points, average_landmarks());
  const double tilt = dice.bell(0.05), size = std::exp(dice.bell(0.04));
  const double dx = dice.bell(1), dy = dice.bell(1);
  const auto placed = [&](cv::Point2d p) {
    const cv::Point2d centre(kCentre, kCentre), d = (place(p) - centre) * size;
    return centre + cv::Point2d(d.x * std::cos(tilt) - d.y * std::sin(tilt) + dx,
                                d.x * std::sin(tilt) + d.y * std::cos(tilt) + dy);
  };
  for (const auto& p : kForehead) points.push_back(turned(p, yaw, pitch));
  Shape shape = points + kEnds;
  for (auto& p : shape) p = placed(p);

  const auto blend = [share](const cv::Mat4f& of_a, const cv::Mat4f& of_b) {
    return cv::Mat4f(of_a * (1 - share) + of_b * share);
  };
  const cv::Mat3f behind = backdrop(dice);
  const cv::Scalar mean = cv::mean(behind);
  const cv::Mat3f plain_behind(behind.size(),
                               cv::Vec3f(float(mean[0]), float(mean[1]), float(mean[2])));
  Example example{composed(blend(warped(a, shape), warped(b, shape)), behind),
                  composed(blend(a.even, b.even), plain_behind)};
  const Light light(dice);
  const bool mirrored = dice.chance(0.5);
  for (cv::Mat3f* picture : {&example.given, &example.wanted}) {
    light.shine_on(*picture);
    if (mirrored) cv::flip(*picture, *picture, 1);
  }
  spoil(example.given, dice);
  return example;
}

}  // namespace faceperturb::cae
