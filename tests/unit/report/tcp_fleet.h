#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/prefix_set.h"
#include "common/timeline.h"
#include "controller/report/probe_config.h"
#include "controller/report/tcp_edges.h"

namespace faultline {

// lon-1 and lon-2 in 172.32/16, par-1 and par-2 in 172.33/16, IPv4 only; steps of the test act at their receivers.
class TcpFleet {
 public:
  TcpFleet() {
    for (const auto& [name, address] : {std::pair("lon-1", "172.32.0.1"), std::pair("lon-2", "172.32.0.2"),
                                        std::pair("par-1", "172.33.0.1"), std::pair("par-2", "172.33.0.2")}) {
      nodes.push_back({.name = NodeName(name), .ipv4 = IpAddress::Parse(address).value()});
      Timeline& timeline = timelines[NodeName(name)];
      timeline.run = RunId("run-1");
      timeline.node = NodeName(name);
      timeline.length = std::chrono::seconds(30);
      timeline.seed = 7;
      timeline.prefix_sets = {PrefixSet{Prefix::Parse("172.32.0.0/16").value()},
                              PrefixSet{Prefix::Parse("172.33.0.0/16").value()}};
    }
  }

  // From 10 s to 20 s, from London to Paris; where the filter is about ports on either end, the way back too.
  static Step StepOf(Effect effect, PacketFilter filter) {
    Step step;
    step.name = "step";
    step.at = std::chrono::seconds(10);
    step.length = std::chrono::seconds(10);
    step.effect = std::move(effect);
    step.filter = std::move(filter);
    return step;
  }
  static PacketFilter ToPort(std::uint16_t port) {
    return {.protocol = Protocol::kTcp, .destination_ports = {{port, port}}};
  }
  static PacketFilter AtPort(std::uint16_t port) {
    return {.protocol = Protocol::kTcp, .either_ports = {{port, port}}};
  }

  void Add(Step step) {
    step.index = static_cast<StepIndex>(timelines.begin()->second.steps.size());
    for (auto& [name, timeline] : timelines) {
      const bool london = name.text().starts_with("lon");
      step.rules.clear();
      if (!london) step.rules = {{.match = {.sources = 0}}};
      if (london && !step.filter.either_ports.empty()) step.rules = {{.match = {.sources = 1}}};
      timeline.steps.push_back(step);
    }
  }
  TcpEdges Find() const { return TcpEdgesOf(nodes, timelines); }

  std::vector<ProbeNode> nodes;
  std::map<NodeName, Timeline> timelines;
};

inline TcpEdge TcpEdgeOf(const char* from, const char* to, std::uint16_t port) {
  return {.from = NodeName(from), .to = NodeName(to), .port = port, .family = Family::kIpv4};
}

}  // namespace faultline
