#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>

#include "absl/functional/function_ref.h"
#include "common/name.h"
#include "common/timeline.h"
#include "controller/compile/packet.h"
#include "controller/report/probe_config.h"
#include "controller/report/tcp_edges.h"

namespace faultline {

// A run as its probes could see it. A view.
struct ProbedRun {
  // Whom to look at.
  std::span<const ProbeNode> nodes;
  // A node without one has no part in the run.
  const std::map<NodeName, Timeline>& timelines;
  std::uint16_t probe_port = 0;
  // Who probes whom; null: everybody everybody. Nodes that are not in it probe nobody.
  const ProbePairs* pairs = nullptr;
  // Which connections are tried.
  std::span<const TcpEdge> tcp;
};

using ProbedVisitor = absl::FunctionRef<void(const ProbeNode& from, const ProbeNode& to, Family family)>;

// Every direction that is probed between two nodes over each IP version both have, in the order from, to, IP version of
// `nodes`.
void ForEachProbed(std::span<const ProbeNode> nodes, const ProbePairs* pairs, ProbedVisitor visit);

// How many directions there are between these nodes, probed or not.
std::size_t CountDirections(std::span<const ProbeNode> nodes);

// The node's part; null when it has none.
const Timeline* TimelineOf(const std::map<NodeName, Timeline>& timelines, const NodeName& node);

// A probe as rules see it. REQUIRES: both have an address of the IP version.
Packet ProbeOf(const ProbeNode& from, const ProbeNode& to, Family family, std::uint16_t port);

}  // namespace faultline
