#include "controller/compile/shapes.h"

#include <algorithm>
#include <numeric>

namespace faultline {
namespace {

Places Stretch(std::size_t first, std::size_t end) {
  Places places(end - first);
  std::iota(places.begin(), places.end(), first);
  return places;
}

// Every part cut off from all hosts that are in others.
void CutApart(ShapedPlaces& shaped) {
  for (std::size_t to = 0; to < shaped.parts.size(); ++to) {
    Places from;
    for (std::size_t other = 0; other < shaped.parts.size(); ++other) {
      if (other == to) continue;
      from.insert(from.end(), shaped.parts[other].begin(), shaped.parts[other].end());
    }
    shaped.cuts.push_back({std::move(from), shaped.parts[to]});
  }
}

ShapedPlaces Islands(std::size_t hosts, std::size_t islands) {
  ShapedPlaces shaped;
  std::size_t first = 0;
  for (std::size_t i = 0; i < islands; ++i) {
    const std::size_t size = hosts / islands + (i < hosts % islands ? 1 : 0);
    shaped.parts.push_back(Stretch(first, first + size));
    first += size;
  }
  CutApart(shaped);
  return shaped;
}

ShapedPlaces Halves(std::size_t hosts) {
  ShapedPlaces shaped;
  shaped.parts = {Stretch(0, hosts / 2), Stretch(hosts / 2, hosts)};
  CutApart(shaped);
  return shaped;
}

ShapedPlaces Bridge(std::size_t hosts) {
  const std::size_t middle = hosts / 2;
  ShapedPlaces shaped;
  shaped.parts = {Stretch(0, middle), Stretch(middle + 1, hosts)};
  CutApart(shaped);
  shaped.parts.push_back({middle});
  return shaped;
}

// How many each host of a ring hears: those before it, and after it.
struct Reach {
  std::size_t before = 0;
  std::size_t after = 0;
};

Reach RingReach(std::size_t hosts) {
  // 2k + 1 > hosts / 2.
  const std::size_t side = (hosts / 2 + 1) / 2;
  if (2 * side + 1 < hosts) return {side, side};
  return {0, 1};
}

ShapedPlaces Ring(std::size_t hosts) {
  const Reach reach = RingReach(hosts);
  ShapedPlaces shaped;
  shaped.parts = {Stretch(0, hosts)};
  for (std::size_t host = 0; host < hosts; ++host) {
    Places unheard;
    for (std::size_t step = reach.after + 1; step + reach.before < hosts; ++step) {
      unheard.push_back((host + step) % hosts);
    }
    std::sort(unheard.begin(), unheard.end());
    shaped.cuts.push_back({std::move(unheard), {host}});
  }
  return shaped;
}

}  // namespace

std::size_t LeastHosts(const Shape& shape) {
  switch (shape.kind) {
    case Shape::Kind::kHalves:
      return 2;
    case Shape::Kind::kBridge:
    case Shape::Kind::kMajoritiesRing:
      return 3;
    case Shape::Kind::kIslands:
      return std::max<std::size_t>(2, shape.islands);
  }
  return 2;
}

std::size_t EndsOf(const Shape& shape, std::size_t hosts) {
  switch (shape.kind) {
    case Shape::Kind::kHalves:
    case Shape::Kind::kBridge:
      return 2 * hosts;
    case Shape::Kind::kMajoritiesRing:
      return hosts * (hosts - RingReach(hosts).before - RingReach(hosts).after);
    case Shape::Kind::kIslands:
      return hosts * shape.islands;
  }
  return 0;
}

ShapedPlaces ShapeOf(const Shape& shape, std::size_t hosts) {
  switch (shape.kind) {
    case Shape::Kind::kHalves:
      return Halves(hosts);
    case Shape::Kind::kBridge:
      return Bridge(hosts);
    case Shape::Kind::kMajoritiesRing:
      return Ring(hosts);
    case Shape::Kind::kIslands:
      return Islands(hosts, shape.islands);
  }
  return {};
}

}  // namespace faultline
