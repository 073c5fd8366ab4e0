#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "common/name.h"
#include "common/prefix.h"
#include "common/timeline.h"
#include "controller/compile/forecast.h"
#include "controller/report/probe_config.h"

namespace faultline {

// Connections from one node to a TCP port of another over one IP version.
struct TcpEdge {
  NodeName from;
  NodeName to;
  std::uint16_t port = 0;
  Family family = Family::kIpv4;

  friend auto operator<=>(const TcpEdge&, const TcpEdge&) = default;
};

// So many ports of a run are dialled at most, and so many edges by one node.
inline constexpr std::size_t kMostTcpPorts = 16;
inline constexpr std::size_t kMostTcpEdgesPerNode = 64;

// Which connections show what a run's port-scoped faults do.
struct TcpEdges {
  // Sorted.
  std::vector<TcpEdge> edges;
  // What was left out, in words, each for a warning.
  std::vector<std::string> left_out;
};

// Every connection on whose packets, there or back, a fault that names ports can act in the run, and the connection
// between the same two nodes to the same port the other way round, which tells one direction from both. Of more ports
// or edges than the bounds those are taken that the run's seed draws. A port that no fault ever touches (SSH) is not
// dialled. Where a fault names some of the ports that connections come from, nothing is: nobody knows which attempts it
// would meet. `timelines`: of every node, by name. Pure.
TcpEdges TcpEdgesOf(std::span<const ProbeNode> nodes, const std::map<NodeName, Timeline>& timelines);

// What acts on connections in one run. A view: the timelines must outlive it. Pure.
class TcpPaths {
 public:
  // Of every node, by name.
  explicit TcpPaths(const std::map<NodeName, Timeline>& timelines);

  // Every step among `active` that acts on the packet that asks for a connection or on its answer; nothing where a node
  // has no timeline. REQUIRES: both nodes have an address of the IP version.
  Acting ActingOn(const ProbeNode& from, const ProbeNode& to, std::uint16_t port, Family family,
                  std::span<const StepIndex> active) const;

 private:
  const std::map<NodeName, Timeline>& timelines_;
  // From which connections come, for all that it matters.
  const std::uint16_t own_port_;
};

}  // namespace faultline
