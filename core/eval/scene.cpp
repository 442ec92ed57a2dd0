// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/scene.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <opencv2/imgproc.hpp>
#include <stdexcept>

#include "eval/cast.h"

namespace faceperturb::eval {

namespace {

constexpr double kTurn = 2 * CV_PI;
constexpr float kRise = 0.06F;  // a detector's box lies that much above the landmarks' square

// Where somebody stands: all lengths as shares of the frame's height, x of its width.
struct Pose {
  double x = 0.5, y = 0.4;  // the middle between the eyes
  double eyes = 0.1;        // the distance between the eyes
  double tilt = 0;          // radians, clockwise
};

// How somebody moves: a place, and swings of whole numbers of periods a loop.
struct Move {
  int person;
  Pose base;
  double sway_x, sway_y, sway_size, sway_tilt;
  int beats;
  double phase;
};

// From the farthest to the nearest.
constexpr Move kMoves[] = {
    {3, {0.385, 0.35, 0.074, 0.00}, 0.012, 0.015, 0.02, 0.14, 2, 0.1},
    {5, {0.745, 0.36, 0.094, 0.03}, 0.015, 0.012, 0.03, 0.32, 1, 0.45},
    {2, {0.562, 0.38, 0.115, 0.00}, 0.010, 0.02, 0.04, 0.22, 1, 0.55},
    {4, {0.91, 0.38, 0.122, 0.02}, 0.0, 0.012, 0.0, 0.10, 2, 0.3},
    {1, {0.17, 0.43, 0.195, -0.02}, 0.008, 0.02, 0.04, 0.16, 1, 0.0},
};
constexpr int kWalker = 4;  // the person who leaves and comes back

double wave(double turns) { return std::sin(kTurn * turns); }

Pose pose_of(const Move& move, double turns) {
  Pose pose = move.base;
  const double t = turns * move.beats + move.phase;
  pose.x += move.sway_x * wave(t);
  pose.y += move.sway_y * wave(t + 0.3);
  pose.eyes *= 1 + move.sway_size * wave(t + 0.6);
  pose.tilt += move.sway_tilt * wave(t + 0.15);
  if (move.person == kWalker) {
    // Stays, leaves to the right, comes back.
    const double away = 0.5 - 0.5 * std::cos(kTurn * turns);
    pose.x += 0.34 * away * away * (3 - 2 * away);
    pose.y += 0.008 * wave(8 * turns);
  }
  return pose;
}

// Affine maps as (a, b, tx; c, d, ty).
using Affine = cv::Matx23d;

Affine then(const Affine& second, const Affine& first) {
  const cv::Matx33d f(first(0, 0), first(0, 1), first(0, 2), first(1, 0), first(1, 1), first(1, 2),
                      0, 0, 1);
  return second * f;
}

cv::Point2d apply(const Affine& m, cv::Point2d p) {
  const cv::Vec2d v = m * cv::Vec3d(p.x, p.y, 1);
  return {v[0], v[1]};
}

// Turns by `angle` about (0, pivot), in eye distances.
Affine turn_about(double pivot, double angle) {
  const double c = std::cos(angle), s = std::sin(angle);
  return {c, -s, s * pivot, s, c, pivot - c * pivot};
}

void place(cv::Mat& frame, const Sprite& sprite, const Affine& to_frame) {
  const double scale = std::hypot(to_frame(0, 0), to_frame(1, 0)) / sprite.unit;
  size_t level = 0;
  double shrink = 1;
  while (scale * shrink < 0.6 && level + 1 < sprite.levels.size()) {
    ++level;
    shrink *= 2;
  }
  const cv::Mat& picture = sprite.levels[level];
  // Pixel of the level -> pixel of level 0 -> eye distances -> frame.
  const double unit = sprite.unit;
  const Affine to_units(shrink / unit, 0, ((shrink - 1) / 2 - sprite.origin.x) / unit, 0,
                        shrink / unit, ((shrink - 1) / 2 - sprite.origin.y) / unit);
  Affine m = then(to_frame, to_units);
  double left = 1e9, top = 1e9, right = -1e9, bottom = -1e9;
  for (const cv::Point2d corner :
       {cv::Point2d(0, 0), cv::Point2d(picture.cols, 0), cv::Point2d(0, picture.rows),
        cv::Point2d(picture.cols, picture.rows)}) {
    const cv::Point2d p = apply(m, corner);
    left = std::min(left, p.x);
    right = std::max(right, p.x);
    top = std::min(top, p.y);
    bottom = std::max(bottom, p.y);
  }
  const cv::Rect box = cv::Rect(cv::Point(cvFloor(left) - 1, cvFloor(top) - 1),
                                cv::Point(cvCeil(right) + 2, cvCeil(bottom) + 2)) &
                       cv::Rect({}, frame.size());
  if (box.empty()) return;
  m(0, 2) -= box.x;
  m(1, 2) -= box.y;
  cv::Mat layer;
  cv::warpAffine(picture, layer, m, box.size(), cv::INTER_LINEAR, cv::BORDER_CONSTANT);
  for (int y = 0; y < box.height; ++y) {
    const auto* from = layer.ptr<cv::Vec4b>(y);
    auto* to = frame.ptr<cv::Vec3b>(box.y + y) + box.x;
    for (int x = 0; x < box.width; ++x) {
      const int keep = 255 - from[x][3];
      if (keep == 255) continue;
      for (int c = 0; c < 3; ++c) {
        to[x][c] = static_cast<uchar>(std::min(255, from[x][c] + (to[x][c] * keep + 127) / 255));
      }
    }
  }
}

SceneFace add_person(cv::Mat& frame, const Member& member, const Pose& pose) {
  const double unit = pose.eyes * frame.rows;
  // Head and a little of the body tilt; the body gives way, so that the head keeps its place.
  const double give = 0.7 * kNeck * std::sin(pose.tilt) * unit;
  const Affine stand(unit, 0, pose.x * frame.cols - give, 0, unit, pose.y * frame.rows);
  const Affine body = then(stand, turn_about(7, pose.tilt * 0.12));
  const Affine head = then(body, turn_about(static_cast<double>(kNeck), pose.tilt * 0.88));
  place(frame, member.back, body);
  place(frame, member.head, head);
  place(frame, member.front, body);

  SceneFace face;
  float left = 1e9F, top = 1e9F, right = -1e9F, bottom = -1e9F;
  for (size_t i = 0; i < 68; ++i) {
    const Point p = member.landmarks[i];
    const cv::Point2d at = apply(head, {static_cast<double>(p.x), static_cast<double>(p.y)});
    const float x = static_cast<float>(at.x), y = static_cast<float>(at.y);
    face.landmarks[i] = {x, y};
    left = std::min(left, x);
    right = std::max(right, x);
    top = std::min(top, y);
    bottom = std::max(bottom, y);
  }
  const float side = std::max(right - left, bottom - top);
  face.box = {(left + right - side) / 2, (top + bottom - side) / 2 - kRise * side, side, side};
  return face;
}

// A softly lit room, out of focus: a wall, a window, a shelf, a plant.
cv::Mat paint_room(cv::Size size) {
  cv::Mat3f room(size);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const float u = static_cast<float>(x) / static_cast<float>(size.width);
      const float v = static_cast<float>(y) / static_cast<float>(size.height);
      const float light = 1.06F - 0.32F * u - 0.24F * v;
      room(y, x) = cv::Vec3f(168, 180, 186) * light;
    }
  }
  const auto block = [&](double x, double y, double w, double h, const cv::Scalar& bgr) {
    cv::rectangle(room,
                  cv::Rect2d(x * size.width, y * size.height, w * size.width, h * size.height), bgr,
                  cv::FILLED);
  };
  block(0.22, -0.1, 0.26, 0.75, {232, 226, 214});  // window
  block(0.345, -0.1, 0.012, 0.75, {190, 188, 182});
  block(0.22, 0.3, 0.26, 0.015, {190, 188, 182});
  block(0.62, 0.1, 0.24, 0.03, {70, 96, 128});  // shelves with books
  block(0.62, 0.36, 0.24, 0.03, {70, 96, 128});
  const cv::Scalar books[] = {
      {96, 88, 138}, {128, 120, 84}, {92, 128, 150}, {84, 104, 92}, {140, 132, 128}};
  for (int i = 0; i < 14; ++i) {
    const double tall = 0.10 + 0.02 * ((i * 7) % 5);
    block(0.63 + 0.016 * i, 0.36 - tall, 0.013, tall, books[(i * 3) % 5]);
  }
  for (int i = 0; i < 9; ++i) {
    const cv::Point centre(cvRound(size.width * (0.04 + 0.012 * i)),
                           cvRound(size.height * (0.30 - 0.02 * ((i * 5) % 7))));
    cv::ellipse(room, centre, {size.height / 9, size.height / 30}, 200.0 + 17 * i, 0, 360,
                {86, 122, 92}, cv::FILLED);
  }
  block(0, 0.82, 1, 0.2, {96, 112, 132});  // floor
  cv::GaussianBlur(room, room, {}, size.height * 0.022);
  cv::RNG rng(7);
  cv::Mat1f coarse(18, 32), grain(size);
  rng.fill(coarse, cv::RNG::NORMAL, 0, 1.5);
  rng.fill(grain, cv::RNG::NORMAL, 0, 1.6);
  cv::resize(coarse, coarse, size, 0, 0, cv::INTER_CUBIC);
  coarse += grain;
  cv::Mat3f texture;
  cv::merge(std::vector<cv::Mat>{coarse, coarse, coarse}, texture);
  room += texture;
  cv::Mat bytes;
  room.convertTo(bytes, CV_8UC3);
  return bytes;
}

// The room of the size asked for last is kept.
cv::Mat room_of(cv::Size size) {
  if (size.width <= 0 || size.height <= 0) throw std::invalid_argument("a scene needs a size");
  static std::mutex lock;
  static cv::Mat kept;
  const std::lock_guard guard(lock);
  if (kept.size() != size) kept = paint_room(size);
  return kept.clone();
}

bool shows(const Rect& box, cv::Size size) {
  return box.x < static_cast<float>(size.width) && box.y < static_cast<float>(size.height) &&
         box.x + box.width > 0 && box.y + box.height > 0;
}

}  // namespace

SceneFrame render_scene(cv::Size size, double seconds) {
  SceneFrame frame{room_of(size), {}};
  const double turns = seconds / scene_seconds - std::floor(seconds / scene_seconds);
  // Everything is laid out for 16:9; in a narrower frame people are smaller.
  const double fit = std::min(1.0, size.width * 9.0 / (size.height * 16.0));
  for (const Move& move : kMoves) {
    Pose pose = pose_of(move, turns);
    pose.eyes *= fit;
    const SceneFace face = add_person(frame.bgr, cast()[static_cast<size_t>(move.person)], pose);
    if (shows(face.box, size)) frame.faces.push_back(face);
  }
  return frame;
}

SceneFrame render_portrait(cv::Size size, int person) {
  const Member& member = cast().at(static_cast<size_t>(person));
  SceneFrame frame{room_of(size), {}};
  Pose pose;
  pose.y = 0.44;
  pose.eyes = 0.17 * std::min(1.0, static_cast<double>(size.width) / size.height);
  frame.faces.push_back(add_person(frame.bgr, member, pose));
  return frame;
}

SceneFrame render_crowd(cv::Size size, int faces, double seconds) {
  SceneFrame frame{room_of(size), {}};
  if (faces < 1) return frame;
  // As a group stands for a picture: rows, the farthest first, about as wide as they are high.
  const double wide = static_cast<double>(size.width) / size.height;
  const int rows = std::max(1, cvRound(std::sqrt(faces / wide)));
  const int across = (faces + rows - 1) / rows;
  const double turns = seconds / scene_seconds;
  for (int i = 0; i < faces; ++i) {
    const int row = i / across, column = i % across;
    const double cell = std::min(wide / across, 0.85 / rows);
    Pose pose{(column + 0.5) / across, 0.08 + (row + 0.5) * 0.8 / rows, 0.3 * cell, 0};
    if (faces == 1) pose.eyes = 0.1;
    const double phase = 0.37 * i;
    pose.x += 0.02 * cell * wave(2 * turns + phase);
    pose.y += 0.02 * cell * wave(3 * turns + phase);
    pose.tilt = 0.1 * wave(turns + phase);
    const SceneFace face =
        add_person(frame.bgr, cast()[static_cast<size_t>(i) % cast().size()], pose);
    if (shows(face.box, size)) frame.faces.push_back(face);
  }
  return frame;
}

int cast_size() { return static_cast<int>(cast().size()); }

}  // namespace faceperturb::eval
