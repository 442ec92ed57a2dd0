// SPDX-License-Identifier: LGPL-2.1-or-later
#include "eval/hair.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace faceperturb::eval {

namespace {

constexpr float kPi = 3.14159265F;
// The skull seen from the front: an ellipse about (0, kSkullY).
constexpr float kSkullY = -0.35F;
constexpr float kSkullX = 1.24F;
constexpr float kSkullRise = 1.44F;

using Path = std::vector<cv::Point2f>;

struct Strand {
  Path path;
  float shade = 1;  // times the colour of the hair
  float order = 0;  // the larger, the later it is painted
};

// How light hair is at a place of the head: a soft gloss high up, darker at the sides and below.
float gloss(cv::Point2f p) {
  const float band = std::exp(-std::pow((p.y + 1.35F + 0.25F * p.x * p.x) / 0.22F, 2.F));
  const float side = std::clamp(1.15F - 0.35F * p.x * p.x / 1.2F, 0.5F, 1.2F);
  const float low = std::clamp(1.F - 0.12F * std::max(0.F, p.y), 0.6F, 1.F);
  return (0.75F + 0.45F * band) * side * low;
}

// One layer that strands are painted on.
class Painter {
 public:
  Painter(const HairLook& look, cv::Size size, cv::Point2f origin, float unit)
      : look_(look), origin_(origin), unit_(unit), rng_(look.seed) {
    bgr_ = cv::Mat(size, CV_8UC3, cv::Scalar(look.colour * 0.7F));
    alpha_ = cv::Mat(size, CV_8UC1, cv::Scalar(0));
  }

  float uniform(float low, float high) { return rng_.uniform(low, high); }
  float normal(float sigma) { return static_cast<float>(rng_.gaussian(sigma)); }

  // A soft patch beneath the strands.
  void under(const Path& outline, float soft, float shade) {
    cv::Mat patch = cv::Mat::zeros(alpha_.size(), CV_8UC1);
    std::vector<cv::Point> pixels;
    for (cv::Point2f p : outline) pixels.push_back(pixel(p, 1));
    cv::fillPoly(patch, std::vector<std::vector<cv::Point>>{pixels}, 255, cv::LINE_AA);
    cv::GaussianBlur(patch, patch, {}, static_cast<double>(soft * unit_));
    bgr_.setTo(cv::Scalar(look_.colour * shade), patch > 8);
    cv::max(alpha_, patch, alpha_);
  }

  void add(Strand strand) { strands_.push_back(std::move(strand)); }

  void finish(cv::Mat& bgr, cv::Mat& alpha) {
    std::stable_sort(strands_.begin(), strands_.end(),
                     [](const Strand& a, const Strand& b) { return a.order < b.order; });
    for (const Strand& strand : strands_) stroke(strand);
    cv::GaussianBlur(bgr_, bgr, {}, 0.8);
    cv::GaussianBlur(alpha_, alpha, {}, 0.9);
  }

 private:
  cv::Point pixel(cv::Point2f p, float fine) const {
    return {cvRound((origin_.x + p.x * unit_) * fine), cvRound((origin_.y + p.y * unit_) * fine)};
  }

  void stroke(const Strand& strand) {
    constexpr int kShift = 3;
    std::vector<cv::Point> pixels;
    for (cv::Point2f p : strand.path) pixels.push_back(pixel(p, 1 << kShift));
    const int width = uniform(0, 1) < 0.5F ? 1 : 2;
    // Piece by piece, as the gloss changes along it.
    const float dull = look_.colour[1] > 100 ? 0.6F : 1.F;  // light hair has less of it
    const size_t step = pixels.size() > 20 ? 1 : 2;
    for (size_t i = 0; i + 1 < pixels.size(); i += step) {
      const size_t last = std::min(i + step, pixels.size() - 1);
      const std::vector<cv::Point> piece(pixels.begin() + static_cast<std::ptrdiff_t>(i),
                                         pixels.begin() + static_cast<std::ptrdiff_t>(last) + 1);
      const cv::Scalar colour(
          look_.colour * (strand.shade * (1 + dull * (gloss(strand.path[(i + last) / 2]) - 1))));
      cv::polylines(bgr_, piece, false, colour, width + 1, cv::LINE_AA, kShift);
    }
    cv::polylines(alpha_, pixels, false, 255, width, cv::LINE_AA, kShift);
  }

  const HairLook& look_;
  cv::Point2f origin_;
  float unit_;
  cv::RNG rng_;
  cv::Mat bgr_, alpha_;
  std::vector<Strand> strands_;
};

// A point of the skull's front by angle (0 = top, positive to the right) and share of the radius.
cv::Point2f on_skull(const HairLook& look, float angle, float share) {
  return {std::sin(angle) * (kSkullX * look.width + look.volume * 0.8F) * share,
          kSkullY - std::cos(angle) * (kSkullRise + look.volume) * share};
}

Path cap(const HairLook& look, float lift, float share = 0.985F) {
  Path path;
  for (float a = -1.75F; a <= 1.76F; a += 0.05F) path.push_back(on_skull(look, a, share));
  for (float x = 1.16F; x >= -1.17F; x -= 0.04F) {
    path.emplace_back(x * look.width, hairline(x) - lift);
  }
  return path;
}

// A root on the front of the skull above the hairline.
cv::Point2f root(Painter& painter, const HairLook& look) {
  for (int tries = 0; tries < 200; ++tries) {
    const cv::Point2f p =
        on_skull(look, painter.uniform(-1.8F, 1.8F), std::sqrt(painter.uniform(0.1F, 1.F)));
    if (p.y < hairline(p.x / look.width)) return p;
  }
  return on_skull(look, 0, 1);
}

using Field = std::function<cv::Point2f(cv::Point2f)>;

Strand grow(Painter& painter, cv::Point2f at, float length, const Field& field, float wander) {
  constexpr int kSteps = 10;
  Strand strand;
  float turn = painter.normal(wander);
  strand.path.push_back(at);
  strand.shade = std::clamp(1 + painter.normal(0.13F), 0.6F, 1.4F);
  for (int i = 0; i < kSteps; ++i) {
    cv::Point2f d = field(at);
    const float norm = std::max(1e-3F, std::hypot(d.x, d.y));
    const float c = std::cos(turn), s = std::sin(turn);
    d = cv::Point2f(c * d.x - s * d.y, s * d.x + c * d.y) * (length / kSteps / norm);
    at += d;
    turn += painter.normal(wander * 0.3F);
    strand.path.push_back(at);
  }
  return strand;
}

// Lets nothing of a strand stand off the skull by more than `share` of its radius.
void keep_on_skull(Strand& strand, const HairLook& look, float share) {
  for (cv::Point2f& p : strand.path) {
    const float dx = p.x / (kSkullX * look.width + look.volume * 0.8F);
    const float dy = (p.y - kSkullY) / (kSkullRise + look.volume);
    const float r = std::hypot(dx, dy) / share;
    if (r > 1) p = cv::Point2f(p.x / r, kSkullY + (p.y - kSkullY) / r);
  }
}

void cropped(Painter& painter, const HairLook& look) {
  painter.under(cap(look, 0.02F), 0.04F, 0.6F);
  for (int i = 0; i < 5000; ++i) {
    const cv::Point2f at = root(painter, look);
    painter.add(grow(
        painter, at, painter.uniform(0.04F, 0.09F),
        [](cv::Point2f p) { return cv::Point2f(p.x, p.y + 1.1F); }, 0.6F));
  }
}

// Combed away from the parting, falling along the skull.
void parted(Painter& painter, const HairLook& look) {
  painter.under(cap(look, 0.06F), 0.05F, 0.8F);
  const Field field = [&](cv::Point2f p) {
    const float away = p.x - look.part * (1 + (p.y + 1.8F) * 0.3F);
    const float fall = 0.12F + 0.75F * std::abs(p.x) * std::abs(p.x);
    return cv::Point2f((away > 0 ? 1.F : -1.F) * (0.35F + std::min(0.6F, std::abs(away))), fall);
  };
  for (int i = 0; i < 5200; ++i) {
    const cv::Point2f at = root(painter, look);
    const float side = std::abs(at.x - look.part);
    const float reach = std::abs(at.x) > 0.95F * look.width ? 0.16F : painter.uniform(0.25F, 0.55F);
    Strand strand = grow(painter, at, reach, field, 0.12F);
    keep_on_skull(strand, look, 1.02F);
    strand.order = -side;
    painter.add(std::move(strand));
  }
}

// From the parting down both sides of the face, to the chest.
void long_front(Painter& painter, const HairLook& look) {
  painter.under(cap(look, 0.08F, 0.93F), 0.02F, 0.5F);
  for (int i = 0; i < 3600; ++i) {
    const float side = painter.uniform(0, 1) < (0.5F - look.part * 0.3F) ? -1.F : 1.F;
    const float from = painter.uniform(0.F, 1.F);  // 0: by the face, 1: the outermost
    const float end = painter.uniform(1.4F, 2.9F);
    const float wave = painter.uniform(-0.035F, 0.035F), lag = painter.uniform(-1, 1);
    const float noise = painter.normal(0.02F);
    const float depth = painter.uniform(0.F, 0.6F);  // where along the parting it begins
    Strand strand;
    const float inner = 1.03F * look.width, outer = kSkullX * look.width + look.volume;
    for (int k = 0; k <= 36; ++k) {
      const float t = static_cast<float>(k) / 36;
      // First along the skull, then straight down.
      const float angle = std::min(1.F, t / 0.42F) * kPi / 2;
      const float edge = inner + (outer - inner) * from;
      const float top = -1.3F - 0.1F * depth - (0.35F + look.volume) * from;
      cv::Point2f p;
      p.x = look.part + side * (std::sin(angle) * (edge - side * look.part) + noise);
      p.y = t < 0.42F ? top + (1 - std::cos(angle)) * (0.1F - top)
                      : 0.1F + (t - 0.42F) / 0.58F * (end - 0.1F);
      p.x += side * (0.05F * t * std::sin(t * 11 + 3 * from) + wave * std::sin(t * 9 + lag) +
                     0.12F * std::max(0.F, t - 0.5F));
      strand.path.push_back(p);
    }
    strand.shade =
        (0.8F + 0.9F * from * (1 - from)) * std::clamp(1 + painter.normal(0.13F), 0.6F, 1.4F);
    strand.order = painter.uniform(0, 1) - from * 0.5F;
    painter.add(std::move(strand));
  }
}

void long_back(Painter& painter, const HairLook& look) {
  const float wide = kSkullX * look.width + look.volume;
  painter.under({{-wide * 0.8F, -1.F},
                 {wide * 0.8F, -1.F},
                 {wide, 0.4F},
                 {wide * 1.02F, 2.5F},
                 {wide * 0.7F, 2.9F},
                 {-wide * 0.7F, 2.9F},
                 {-wide * 1.02F, 2.5F},
                 {-wide, 0.4F}},
                0.07F, 0.42F);
  for (int i = 0; i < 1500; ++i) {
    const float x = painter.uniform(-1, 1) * wide;
    painter.add(grow(
        painter, {x, painter.uniform(-0.2F, 0.8F)}, painter.uniform(1.5F, 2.3F),
        [&](cv::Point2f p) { return cv::Point2f(0.04F * p.x, 1.F); }, 0.03F));
  }
}

// Drawn back tightly to a knot behind the head.
void tied(Painter& painter, const HairLook& look) {
  painter.under(cap(look, 0.03F), 0.03F, 0.65F);
  for (int i = 0; i < 4800; ++i) {
    const cv::Point2f at = root(painter, look);
    Strand strand = grow(
        painter, at, painter.uniform(0.25F, 0.5F),
        [](cv::Point2f p) { return cv::Point2f(-p.x * 0.75F, -1.95F - p.y); }, 0.06F);
    keep_on_skull(strand, look, 1);
    strand.order = at.y;
    painter.add(std::move(strand));
  }
}

void knot(Painter& painter, const HairLook&) {
  Path disc;
  for (float a = 0; a < 2 * kPi; a += 0.1F) {
    disc.emplace_back(0.44F * std::cos(a), -1.98F + 0.34F * std::sin(a));
  }
  painter.under(disc, 0.03F, 0.6F);
  for (int i = 0; i < 900; ++i) {
    const float a = painter.uniform(0, 2 * kPi), r = std::sqrt(painter.uniform(0.1F, 1.F));
    Strand strand = grow(
        painter, {0.44F * r * std::cos(a), -1.98F + 0.34F * r * std::sin(a)},
        painter.uniform(0.1F, 0.3F), [](cv::Point2f p) { return cv::Point2f(-(p.y + 1.9F), p.x); },
        0.15F);
    strand.shade *= 0.95F;
    painter.add(std::move(strand));
  }
}

void curls(Painter& painter, const HairLook& look, int count, bool front) {
  for (int i = 0; i < count; ++i) {
    cv::Point2f at =
        front ? root(painter, look)
              : on_skull(look, painter.uniform(-2.1F, 2.1F), painter.uniform(0.8F, 1.03F));
    const float radius = painter.uniform(0.035F, 0.085F);
    const float start = painter.uniform(0, 2 * kPi);
    const float sweep = painter.uniform(2.F, 5.F);
    Strand strand;
    for (int k = 0; k <= 10; ++k) {
      const float a = start + sweep * static_cast<float>(k) / 10;
      strand.path.emplace_back(at.x + radius * std::cos(a), at.y + radius * std::sin(a));
    }
    strand.shade = std::clamp(1 + painter.normal(0.28F), 0.4F, 1.8F);
    strand.order = painter.uniform(0, 1);
    painter.add(std::move(strand));
  }
}

}  // namespace

float hairline(float x) { return -1.2F + 1.15F * std::pow(std::abs(x) / 1.12F, 5.F); }

Hair paint_hair(const HairLook& look, cv::Size size, cv::Point2f origin, float unit) {
  Painter back(look, size, origin, unit);
  Painter front(look, size, origin, unit);
  switch (look.style) {
    case HairStyle::kCropped:
      cropped(front, look);
      break;
    case HairStyle::kParted:
      parted(front, look);
      break;
    case HairStyle::kLong:
      long_back(back, look);
      long_front(front, look);
      break;
    case HairStyle::kTied:
      knot(back, look);
      tied(front, look);
      break;
    case HairStyle::kCurly: {
      Path halo;
      for (float a = -2.1F; a <= 2.1F; a += 0.05F) halo.push_back(on_skull(look, a, 0.97F));
      back.under(halo, 0.04F, 0.5F);
      curls(back, look, 2500, false);
      front.under(cap(look, 0.03F), 0.05F, 0.55F);
      curls(front, look, 5000, true);
      break;
    }
  }
  Hair hair;
  back.finish(hair.back_bgr, hair.back_alpha);
  front.finish(hair.front_bgr, hair.front_alpha);
  return hair;
}

}  // namespace faceperturb::eval
