#include "controller/report/probe_config.h"

#include <algorithm>

#include "common/timeline_codec.h"

namespace faultline {
namespace {

v1::ProbePeer PeerFor(const ProbeNode& self, const ProbeNode& other) {
  v1::ProbePeer peer;
  peer.set_name(other.name.text());
  peer.set_id(other.id);
  if (self.ipv4 && other.ipv4) peer.set_ipv4(other.ipv4->ToBytes());
  if (self.ipv6 && other.ipv6) peer.set_ipv6(other.ipv6->ToBytes());
  return peer;
}

v1::ProbeConfig ConfigFor(const ProbeNode& self, std::span<const ProbeNode> nodes, const ProbePolicy& policy) {
  v1::ProbeConfig config;
  config.set_token(policy.token);
  config.set_self_id(self.id);
  config.set_port(policy.port);
  *config.mutable_window() = EncodeDuration(policy.window);
  int targets = 0;
  for (const ProbeNode& other : nodes) {
    if (other.name == self.name) continue;
    v1::ProbePeer& peer = *config.add_peers() = PeerFor(self, other);
    targets += (peer.ipv4().empty() ? 0 : 1) + (peer.ipv6().empty() ? 0 : 1);
  }
  const Duration needed = Duration(std::chrono::seconds(1)) * targets / policy.rate;
  *config.mutable_interval() = EncodeDuration(std::max(policy.min_interval, needed));
  return config;
}

}  // namespace

ProbeNode ProbeNodeOf(const InventoryNode& node, std::uint32_t id) {
  ProbeNode probed{.name = node.name, .id = id};
  for (const IpAddress& address : node.addresses) {
    const bool ipv4 = address.family() == Family::kIpv4;
    std::optional<IpAddress>& first = ipv4 ? probed.ipv4 : probed.ipv6;
    if (first) continue;
    first = address;
    const auto interface = node.interfaces.find(address);
    if (interface != node.interfaces.end()) {
      (ipv4 ? probed.ipv4_interface : probed.ipv6_interface) = interface->second;
    }
  }
  return probed;
}

std::vector<ProbeNode> ProbeNodesOf(const Inventory& inventory) {
  std::vector<ProbeNode> nodes;
  for (const InventoryNode& node : inventory.nodes) nodes.push_back(ProbeNodeOf(node));
  return nodes;
}

std::vector<v1::ProbeConfig> MakeProbeConfigs(std::span<const ProbeNode> nodes, const ProbePolicy& policy) {
  std::vector<v1::ProbeConfig> configs;
  for (const ProbeNode& node : nodes) configs.push_back(ConfigFor(node, nodes, policy));
  return configs;
}

}  // namespace faultline
