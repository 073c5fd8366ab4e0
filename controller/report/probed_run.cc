#include "controller/report/probed_run.h"

#include <algorithm>
#include <array>
#include <vector>

namespace faultline {

namespace {

// Positions in `nodes` of the peers, ascending.
std::vector<std::size_t> PlacesOf(const ProbePeers& peers, const std::map<NodeName, std::size_t>& places) {
  std::vector<std::size_t> found;
  for (const NodeName& peer : peers) {
    const auto place = places.find(peer);
    if (place != places.end()) found.push_back(place->second);
  }
  std::ranges::sort(found);
  return found;
}

void VisitOne(const ProbeNode& from, const ProbeNode& to, ProbedVisitor visit) {
  if (from.name == to.name) return;
  for (const Family family : kFamilies) {
    if (from.Address(family) && to.Address(family)) visit(from, to, family);
  }
}

}  // namespace

void ForEachProbed(std::span<const ProbeNode> nodes, const ProbePairs* pairs, ProbedVisitor visit) {
  if (pairs == nullptr) {
    for (const ProbeNode& from : nodes) {
      for (const ProbeNode& to : nodes) VisitOne(from, to, visit);
    }
    return;
  }
  std::map<NodeName, std::size_t> places;
  for (std::size_t i = 0; i < nodes.size(); ++i) places[nodes[i].name] = i;
  for (const ProbeNode& from : nodes) {
    const auto peers = pairs->find(from.name);
    if (peers == pairs->end()) continue;
    for (const std::size_t to : PlacesOf(peers->second, places)) VisitOne(from, nodes[to], visit);
  }
}

std::size_t CountDirections(std::span<const ProbeNode> nodes) {
  std::size_t count = 0;
  for (const Family family : kFamilies) {
    const auto with = static_cast<std::size_t>(
        std::ranges::count_if(nodes, [family](const ProbeNode& node) { return node.Address(family).has_value(); }));
    if (with > 0) count += with * (with - 1);
  }
  return count;
}

const Timeline* TimelineOf(const std::map<NodeName, Timeline>& timelines, const NodeName& node) {
  const auto found = timelines.find(node);
  return found == timelines.end() ? nullptr : &found->second;
}

Packet ProbeOf(const ProbeNode& from, const ProbeNode& to, Family family, std::uint16_t port) {
  Packet probe = PacketOfProbe(*from.Address(family), *to.Address(family), port);
  probe.out_interface = from.Interface(family);
  probe.in_interface = to.Interface(family);
  return probe;
}

}  // namespace faultline
