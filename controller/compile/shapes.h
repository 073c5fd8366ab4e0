#pragma once

#include <cstddef>
#include <vector>

#include "controller/plan/plan.h"

namespace faultline {

// Places in an order of hosts.
using Places = std::vector<std::size_t>;

// No packet passes from any of `from` to any of `to`.
struct PlacesCut {
  Places from;
  Places to;

  friend bool operator==(const PlacesCut&, const PlacesCut&) = default;
};

// A shape of so many hosts.
struct ShapedPlaces {
  // For people: the halves (a bridge's node in the middle is the last part), the islands; the ring, as one part, in its
  // order.
  std::vector<Places> parts;
  // Each ordered pair of hosts is in one at most.
  std::vector<PlacesCut> cuts;
};

// How many hosts a shape needs, so that there is one in every part and it is no other shape.
std::size_t LeastHosts(const Shape& shape);

// How many members all cuts' ends have together.
std::size_t EndsOf(const Shape& shape, std::size_t hosts);

// Hosts 0 to `hosts` - 1, in the order of their lots, so that
//  * kHalves: the first half; of an odd number the second has one more;
//  * kBridge: the same, and the first of the second half is the middle;
//  * kIslands: stretches of the order, the longer ones first;
//  * kMajoritiesRing: each hears itself and equally many next to it on either side, in a circle: the least that make a
//    majority. Three hosts have no such ring; there each hears the one after it.
// REQUIRES: hosts >= LeastHosts.
ShapedPlaces ShapeOf(const Shape& shape, std::size_t hosts);

}  // namespace faultline
