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
constexpr float enough_around = 16;  // cells around a node that stand for all
constexpr float inner_share = 0.8F;  // of the cells around a node: with more it is not at the edge

}  // namespace

void Membrane::fit(const Net& net, std::span<const Cell> cells, std::span<const float> values,
                   float gain) {
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
  for (std::size_t i = 0; i < cells.size(); i += step) {
    const auto at = between(cells[i]);
    Node* above = &nodes_[static_cast<std::size_t>(at.y) * across + static_cast<std::size_t>(at.x)];
    Node* below = above + across;
    const auto add = [&](Node& node, float weight) {
      node.sum += weight * values[i];
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
  }
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
  relax(fresh ? first_sweeps : more_sweeps);
  for (Node& node : nodes_) node.known = node.weight > 0;
}

void Membrane::relax(int sweeps) {
  const int across = surface_.cols;
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    for (int y = used_.y; y < used_.br().y; ++y) {
      float* value = surface_.ptr<float>(y);
      const Node* node = &nodes_[static_cast<std::size_t>(y * across)];
      for (int x = used_.x; x < used_.br().x; ++x) {
        if (node[x].fixed) continue;
        float sum = 0, neighbours = 0;
        const auto add = [&](bool exists, int step) {
          if (exists) sum += value[x + step], ++neighbours;
        };
        add(x > used_.x, -1);
        add(x + 1 < used_.br().x, 1);
        add(y > used_.y, -across);
        add(y + 1 < used_.br().y, across);
        if (neighbours > 0) value[x] += over_relaxation * (sum / neighbours - value[x]);
      }
    }
  }
}

void Membrane::add_to(std::span<const Cell> cells, std::span<float> values) const {
  sample(surface_, to_node_, cells, 1,
         [out = values.data()](std::size_t i, float value) { out[i] += value; });
}

}  // namespace faceperturb
