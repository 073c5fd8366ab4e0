#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "common/clock.h"
#include "common/name.h"
#include "common/prefix.h"
#include "controller/compile/inventory.h"
#include "controller/report/probe_sample.h"
#include "faultline/v1/observation.pb.h"

namespace faultline {

// A node as the probe mesh sees it. A value.
struct ProbeNode {
  NodeName name;
  // Unique in the fleet, never given to another node; verdicts do not need it.
  std::uint32_t id = 0;
  // Where it is probed: its first address of each IP version, if any.
  std::optional<IpAddress> ipv4;
  std::optional<IpAddress> ipv6;
  // By which interface it has them; empty: not known.
  std::string ipv4_interface;
  std::string ipv6_interface;
  // Its labels "region" and "az" together; nodes of one are alike to a sample.
  std::string place;

  const std::optional<IpAddress>& Address(Family family) const { return family == Family::kIpv4 ? ipv4 : ipv6; }
  const std::string& Interface(Family family) const {
    return family == Family::kIpv4 ? ipv4_interface : ipv6_interface;
  }
  friend bool operator==(const ProbeNode&, const ProbeNode&) = default;
};

ProbeNode ProbeNodeOf(const InventoryNode& node, std::uint32_t id = 0);
// Those of a whole inventory, for verdicts.
std::vector<ProbeNode> ProbeNodesOf(const Inventory& inventory);

// What the whole mesh has in common.
struct ProbePolicy {
  // Random, new for each life of the controller.
  std::uint64_t token = 0;
  std::uint16_t port = 7401;
  // Most probes a node sends in a second; > 0. Agents refuse more than 200.
  int rate = 20;
  // Least time between two probes of one edge.
  Duration min_interval = std::chrono::milliseconds(200);
  // A fleet whose full mesh would take more time between two probes of one edge than this is sampled, such that it
  // takes no more than that: a stage of 3 s then has the two probes that a verdict needs.
  Duration max_interval = std::chrono::milliseconds(2500);
  Duration sampled_interval = std::chrono::milliseconds(1250);
  Duration window = std::chrono::milliseconds(100);
};

// With how many others a node is to be paired in a fleet that is too large for the full mesh; absent: with all. At
// least 3, so that of a fleet with a low rate the edges are probed more seldom instead.
std::optional<std::size_t> MostPeers(std::span<const ProbeNode> nodes, const ProbePolicy& policy);

// Who probes whom in such a fleet: nodes of every two places, and of every two groups of one of the `partings`, which
// count more, are paired (SampleProbes). Null for the full mesh. Pure; the policy's token is the seed.
std::shared_ptr<const ProbePairs> SampleFleet(std::span<const ProbeNode> nodes, const ProbePolicy& policy,
                                              std::vector<std::vector<NodeGroup>> partings);

// Every node probes every other, or those it is paired with, over each IP version both have. `take` is given one
// configuration per node, in their order: together those of a large fleet need much room. A node's interval is the
// greater of policy.min_interval and its number of targets / policy.rate: a larger fleet is probed more thinly, never
// harder (6 dual-stack nodes: 10 targets, 500 ms at 20 probes/s; 24: 46, 2.3 s). Pure.
void MakeProbeConfigs(std::span<const ProbeNode> nodes, const ProbePolicy& policy, const ProbePairs* pairs,
                      absl::FunctionRef<void(v1::ProbeConfig)> take);

}  // namespace faultline
