// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/look.h"

#include <cmath>

namespace faceperturb::eval {

namespace {

Bump jaw(float g) { return {0.F, 1.55F, 1.2F, 0.55F, 0, 0, g, 0}; }
Bump chin(float d) { return {0.F, 1.75F, 1.3F, 0.65F, 0, d, 0, 0}; }
Bump eyes_apart(float d) { return {0.5F, 0.F, 0.35F, 0.35F, d, 0, 0, 0}; }
Bump eye_size(float gx, float gy) { return {0.5F, 0.F, 0.27F, 0.2F, 0, 0, gx, gy}; }
Bump eye_slant(float d) { return {0.72F, 0.F, 0.16F, 0.16F, 0, d, 0, 0}; }
Bump brow_rise(float d) { return {0.5F, -0.32F, 0.45F, 0.16F, 0, d, 0, 0}; }
Bump nose_width(float g) { return {0.F, 0.58F, 0.28F, 0.22F, 0, 0, g, 0}; }
Bump nose_length(float d) { return {0.F, 0.62F, 0.4F, 0.28F, 0, d, 0, 0}; }
Bump mouth_width(float g) { return {0.F, 1.07F, 0.5F, 0.25F, 0, 0, g, 0}; }
Bump lips_full(float g) { return {0.F, 1.07F, 0.45F, 0.18F, 0, 0, 0, g}; }
Bump smile(float d) { return {0.38F, 1.02F, 0.17F, 0.17F, 0.4F * -d, d, 0, 0}; }
Bump cheeks(float g) { return {0.F, 0.75F, 1.3F, 0.5F, 0, 0, g, 0}; }

}  // namespace

std::vector<Look> looks() {
  std::vector<Look> all(6);
  // A fair man with a long jaw and parted brown hair.
  all[0].width = 1.0F;
  all[0].height = 1.03F;
  all[0].bumps = {jaw(0.135F),         chin(0.162F),        eye_size(-0.081F, -0.162F),
                  brow_rise(0.068F),   nose_length(0.081F), nose_width(0.108F),
                  mouth_width(0.108F), lips_full(-0.243F)};
  all[0].skin = {142, 168, 212};
  all[0].lips = {0.98F, 0.97F, 0.95F};
  all[0].iris = {120, 95, 70};
  all[0].brows = 0.62F;
  all[0].stubble = 0.7F;
  all[0].hair = {HairStyle::kParted, {40, 54, 74}, 0.42F, 0.14F, 1, 11};
  all[0].shirt = {176, 186, 190};
  all[0].jacket = {112, 82, 56};
  // A woman with long brown hair, a narrow jaw and full lips.
  all[1].width = 0.97F;
  all[1].bumps = {jaw(-0.135F),       chin(-0.081F),      eye_size(0.135F, 0.189F),
                  eye_slant(-0.047F), brow_rise(-0.041F), nose_width(-0.108F),
                  lips_full(0.338F),  smile(-0.034F)};
  all[1].skin = {118, 152, 200};
  all[1].lips = {0.88F, 0.78F, 0.98F};
  all[1].iris = {30, 40, 58};
  all[1].brows = 0.62F;
  all[1].hair = {HairStyle::kLong, {34, 42, 62}, -0.1F, 0.2F, 0.97F, 12};
  all[1].shirt = {62, 52, 150};
  // A dark man, cropped, broad nose and mouth.
  all[2].width = 1.03F;
  all[2].bumps = {jaw(0.081F),          cheeks(0.041F),      eyes_apart(0.041F), nose_width(0.351F),
                  nose_length(-0.054F), mouth_width(0.189F), lips_full(0.472F),  brow_rise(0.027F)};
  all[2].skin = {66, 90, 136};
  all[2].lips = {1.02F, 0.92F, 0.94F};
  all[2].iris = {20, 26, 36};
  all[2].brows = 0.6F;
  all[2].stubble = 0.5F;
  all[2].hair = {HairStyle::kCropped, {20, 22, 26}, 0, 0.03F, 1.03F, 13};
  all[2].shirt = {96, 150, 178};
  // A very fair woman with tied blond hair and a small chin.
  all[3].width = 0.95F;
  all[3].height = 0.98F;
  all[3].bumps = {
      jaw(-0.189F),       chin(-0.135F),        eyes_apart(0.047F),  eye_size(0.108F, 0.135F),
      brow_rise(-0.068F), nose_length(-0.095F), nose_width(-0.135F), mouth_width(-0.108F),
      smile(-0.041F)};
  all[3].skin = {168, 188, 226};
  all[3].lips = {0.95F, 0.86F, 1.0F};
  all[3].iris = {150, 120, 78};
  all[3].brows = 1.1F;
  all[3].hair = {HairStyle::kTied, {106, 142, 172}, 0, 0.06F, 0.95F, 14};
  all[3].shirt = {118, 128, 70};
  // A brown woman with curls and a round face.
  all[4].width = 1.04F;
  all[4].height = 0.97F;
  all[4].bumps = {cheeks(0.068F),           chin(-0.108F),      eyes_apart(-0.027F),
                  eye_size(0.081F, 0.081F), nose_width(0.162F), lips_full(0.27F),
                  mouth_width(0.054F),      smile(-0.061F)};
  all[4].skin = {96, 130, 180};
  all[4].lips = {0.92F, 0.84F, 1.0F};
  all[4].iris = {24, 34, 48};
  all[4].brows = 0.66F;
  all[4].hair = {HairStyle::kCurly, {28, 34, 46}, 0, 0.34F, 1.04F, 15};
  all[4].shirt = {150, 140, 196};
  // A grey-haired man with a narrow face and a long nose.
  all[5].width = 0.96F;
  all[5].height = 1.05F;
  all[5].bumps = {
      jaw(-0.054F),      chin(0.081F),        eyes_apart(-0.047F), eye_size(-0.108F, -0.135F),
      brow_rise(0.041F), nose_length(0.135F), nose_width(0.135F),  mouth_width(-0.041F),
      lips_full(-0.338F)};
  all[5].skin = {136, 158, 204};
  all[5].lips = {1.0F, 0.98F, 0.96F};
  all[5].iris = {118, 104, 80};
  all[5].brows = 0.85F;
  all[5].stubble = 0.45F;
  all[5].hair = {HairStyle::kParted, {128, 132, 136}, -0.5F, 0.06F, 0.96F, 16};
  all[5].shirt = {214, 206, 198};
  all[5].jacket = {74, 66, 60};
  return all;
}

cv::Point2f displacement(const Look& look, cv::Point2f p) {
  constexpr float kFar = 9.5F;  // beyond about three reaches nothing moves
  cv::Point2f d(p.x * (1 - 1 / look.width), p.y * (1 - 1 / look.height));
  for (const Bump& b : look.bumps) {
    for (const float side : {-1.F, 1.F}) {
      if (b.x == 0 && side < 0) continue;
      const float u = p.x - side * b.x, v = p.y - b.y;
      const float r = u * u / (b.reach_x * b.reach_x) + v * v / (b.reach_y * b.reach_y);
      if (r > kFar) continue;
      const float w = std::exp(-0.5F * r) - std::exp(-0.5F * kFar);
      d.x += w * (side * b.dx + b.gx * u);
      d.y += w * (b.dy + b.gy * v);
    }
  }
  return d;
}

}  // namespace faceperturb::eval
