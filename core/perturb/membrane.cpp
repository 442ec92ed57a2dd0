// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perturb/membrane.h"

#include <algorithm>
#include <cmath>

#include "perturb/sampling.h"

namespace faceperturb {
namespace {

constexpr int first_sweeps = 60;
constexpr int more_sweeps = 8;  // from the surface of the frame before
constexpr float over_relaxation = 1.6F;
constexpr float enough_around = 8;  // cells around a node that stand for all
constexpr int stretch = 8;          // cells between which the surface is taken for straight
constexpr int one_bits = 3;         // of fractions of what is added
constexpr float one = 1 << one_bits;
constexpr float inner_share = 0.8F;  // of the cells around a node: with more it is not at the edge

// Adds a slope.
inline void raise(std::int16_t* values, int count, float first, float slope) {
  const auto from = static_cast<std::int16_t>(first * one + one / 2);
  const auto step = static_cast<std::int16_t>(slope * one);
  for (int i = 0; i < count; ++i) {
    const auto value = static_cast<std::int16_t>(from + i * step);
    values[i] = static_cast<std::int16_t>(values[i] + (value >> one_bits));
  }
}

}  // namespace

void Membrane::fit(const Net& net, std::span<const CellRun> runs,
                   std::span<const std::int16_t> values, float gain) {
  const auto count = static_cast<std::size_t>(net.size.area());
  const bool fresh = nodes_.size() != count || gain >= 1;
  if (fresh) {
    nodes_.assign(count, {});
    surface_.create(net.size, CV_32FC1);
    surface_.setTo(0);
  }
  to_node_ = net.to_node;
  for (Node& node : nodes_) node.sum = node.weight = 0;

  const auto& m = net.to_node;
  const float cells_around = 1 / std::abs(m(0, 0) * m(1, 1) - m(0, 1) * m(1, 0));
  // An odd step: it does not take the same columns of every row.
  const std::size_t step = static_cast<std::size_t>(
      1 + 2 * static_cast<int>(std::min(1e6F, cells_around / enough_around / 2)));
  const Between between(net.to_node, net.size);
  const auto across = static_cast<std::size_t>(net.size.width);
  int left = net.size.width, right = -1, top = net.size.height, bottom = -1;
  for_every(step, runs, [&](std::size_t i, int column, int row) {
    const auto at = between(column, row);
    Node* above = &nodes_[static_cast<std::size_t>(at.y) * across + static_cast<std::size_t>(at.x)];
    Node* below = above + across;
    const auto add = [&](Node& node, float weight) {
      node.sum += weight * static_cast<float>(values[i]);
      node.weight += weight;
    };
    add(above[0], (1 - at.u) * (1 - at.v));
    add(above[1], at.u * (1 - at.v));
    add(below[0], (1 - at.u) * at.v);
    add(below[1], at.u * at.v);
    left = std::min(left, at.x);
    right = std::max(right, at.x + 1);
    top = std::min(top, at.y);
    bottom = std::max(bottom, at.y + 1);
  });
  used_ = {left, top, right - left + 1, bottom - top + 1};

  const float inner = inner_share * cells_around / static_cast<float>(step);
  float* surface = surface_.ptr<float>();
  for (std::size_t i = 0; i < count; ++i) {
    Node& node = nodes_[i];
    node.fixed = node.weight > 0.01F && node.weight < inner;
    if (!node.fixed) continue;
    const float value = node.sum / node.weight;
    surface[i] = node.known ? surface[i] + gain * (value - surface[i]) : value;
  }
  relax(fresh ? first_sweeps : more_sweeps, net.reach);
  for (Node& node : nodes_) node.known = node.weight > 0;
}

void Membrane::relax(int sweeps, float reach) {
  const int across = surface_.cols;
  const float share = 1 / (4 + (reach > 0 ? 1 / (reach * reach) : 0));  // of each neighbour
  for (int sweep = 0; sweep < 2 * sweeps; ++sweep) {
    for (int y = used_.y; y < used_.br().y; ++y) {
      float* const row = surface_.ptr<float>(y);
      const float* const above = y > used_.y ? row - across : row;
      const float* const below = y + 1 < used_.br().y ? row + across : row;
      const Node* const node = nodes_.data() + y * across;
      // Every other node: they do not wait for each other. Beyond the edge it goes on as it is.
      for (int x = used_.x + (y + sweep) % 2; x < used_.br().x; x += 2) {
        const float sum = row[std::max(x - 1, used_.x)] + row[std::min(x + 1, used_.br().x - 1)] +
                          above[x] + below[x];
        const float value = row[x] + over_relaxation * (share * sum - row[x]);
        row[x] = node[x].fixed ? row[x] : value;
      }
    }
  }
}

void Membrane::add_to(std::span<const CellRun> runs, std::span<std::int16_t> values) const {
  const Between between(to_node_, surface_.size());
  const auto stride = static_cast<std::ptrdiff_t>(surface_.step1());
  const auto value_at = [&](int column, int row) {
    const auto at = between(column, row);
    const float* p = surface_.ptr<float>(at.y) + at.x;
    const float above = p[0] + at.u * (p[1] - p[0]);
    const float below = p[stride] + at.u * (p[stride + 1] - p[stride]);
    return above + at.v * (below - above);
  };
  // Between nodes it bends little: it is worked out once in `most` cells.
  const float nodes = std::hypot(to_node_(0, 0), to_node_(1, 0));  // to the next cell
  const float cells = std::min(1.F * stretch, 1 / nodes);
  const int most = 2 * cells > stretch ? stretch : std::max(1, static_cast<int>(cells));
  std::int16_t* out = values.data();
  for (const CellRun& run : runs) {
    int column = run.first.column;
    const int row = run.first.row, last = column + run.count - 1;
    float value = value_at(column, row);
    const auto go_on = [&](int cells_on, int knot) {
      const float next = value_at(knot, row);
      const float slope = (next - value) / static_cast<float>(std::max(1, knot - column));
      raise(out, cells_on, value, slope);
      out += cells_on;
      column += cells_on;
      value = next;
    };
    if (most == stretch)
      while (column + stretch <= last) go_on(stretch, column + stretch);
    while (column + most <= last) go_on(most, column + most);
    go_on(last - column + 1, last);
  }
}

}  // namespace faceperturb
