#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "controller/plan/plan.h"

namespace faultline {

// A grudge: a fault on what group `from` sends to group `to`. Groups are known by their position in the plan's name
// order.
struct Edge {
  std::size_t from = 0;
  std::size_t to = 0;

  friend auto operator<=>(const Edge&, const Edge&) = default;
};

// Positions of a plan's groups.
using GroupIndex = std::map<std::string, std::size_t, std::less<>>;
GroupIndex IndexGroups(const Plan& plan);

// The names of a fault's groups that the plan does not have; a plan that was read from YAML has none.
std::vector<std::string> UnknownGroups(const Ends& ends, const GroupIndex& index);

// How many edges a fault has: one of OneWay, all pairs both ways of Between.
std::size_t EdgeCount(const Ends& ends);

// Its edges, in a fixed order. REQUIRES: no unknown groups.
std::vector<Edge> EdgesOf(const Ends& ends, const GroupIndex& index);

}  // namespace faultline
