// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perturb/membrane.h"

#include <algorithm>
#include <cmath>

namespace faceperturb {
namespace {

constexpr int first_sweeps = 60;
constexpr int more_sweeps = 8;  // from the surface of the frame before
constexpr float over_relaxation = 1.6F;
constexpr float inner_share = 0.8F;  // of the cells around a node: with more it is not at the edge

}  // namespace

Membrane::Place Membrane::place(Cell cell) const {
  const cv::Vec2f at = net_.to_node * cv::Vec3f(cell.column, cell.row, 1);
  const float x = std::clamp(at[0], 0.F, static_cast<float>(net_.size.width) - 1.001F);
  const float y = std::clamp(at[1], 0.F, static_cast<float>(net_.size.height) - 1.001F);
  const int column = static_cast<int>(x), row = static_cast<int>(y);
  return {static_cast<std::size_t>(row * net_.size.width + column), x - static_cast<float>(column),
          y - static_cast<float>(row)};
}

void Membrane::fit(const Net& net, std::span<const Cell> cells, std::span<const float> values,
                   float gain) {
  const auto count = static_cast<std::size_t>(net.size.area());
  const bool fresh = nodes_.size() != count || gain >= 1;
  if (fresh) nodes_.assign(count, {});
  net_ = net;
  for (Node& node : nodes_) node.sum = node.weight = 0;

  const auto across = static_cast<std::size_t>(net.size.width);
  int left = net.size.width, right = -1, top = net.size.height, bottom = -1;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto [first, u, v] = place(cells[i]);
    const auto add = [&](std::size_t node, float weight) {
      nodes_[node].sum += weight * values[i];
      nodes_[node].weight += weight;
    };
    add(first, (1 - u) * (1 - v));
    add(first + 1, u * (1 - v));
    add(first + across, (1 - u) * v);
    add(first + across + 1, u * v);
    const int column = static_cast<int>(first % across), row = static_cast<int>(first / across);
    left = std::min(left, column);
    right = std::max(right, column + 1);
    top = std::min(top, row);
    bottom = std::max(bottom, row + 1);
  }
  used_ = {left, top, right - left + 1, bottom - top + 1};

  const auto& m = net.to_node;
  const float cells_around = 1 / std::abs(m(0, 0) * m(1, 1) - m(0, 1) * m(1, 0));
  for (Node& node : nodes_) {
    node.fixed = node.weight > 0.01F && node.weight < inner_share * cells_around;
    if (!node.fixed) continue;
    const float value = node.sum / node.weight;
    node.value = node.known ? node.value + gain * (value - node.value) : value;
  }
  relax(fresh ? first_sweeps : more_sweeps);
  for (Node& node : nodes_) node.known = node.weight > 0;
}

void Membrane::relax(int sweeps) {
  const auto across = net_.size.width;
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    for (int y = used_.y; y < used_.br().y; ++y) {
      Node* node = &nodes_[static_cast<std::size_t>(y * across + used_.x)];
      for (int x = used_.x; x < used_.br().x; ++x, ++node) {
        if (node->fixed) continue;
        float sum = 0, neighbours = 0;
        const auto add = [&](bool exists, int step) {
          if (exists) sum += node[step].value, ++neighbours;
        };
        add(x > used_.x, -1);
        add(x + 1 < used_.br().x, 1);
        add(y > used_.y, -across);
        add(y + 1 < used_.br().y, across);
        if (neighbours > 0) node->value += over_relaxation * (sum / neighbours - node->value);
      }
    }
  }
}

void Membrane::add_to(std::span<const Cell> cells, std::span<float> values) const {
  const auto across = static_cast<std::size_t>(net_.size.width);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto [first, u, v] = place(cells[i]);
    const Node* above = &nodes_[first];
    const Node* below = above + across;
    values[i] += (1 - v) * ((1 - u) * above[0].value + u * above[1].value) +
                 v * ((1 - u) * below[0].value + u * below[1].value);
  }
}

}  // namespace faceperturb
