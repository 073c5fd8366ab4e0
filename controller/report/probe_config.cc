#include "controller/report/probe_config.h"

#include <algorithm>
#include <map>

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

std::string LabelOf(const InventoryNode& node, const char* key) {
  const auto label = node.labels.find(key);
  return label == node.labels.end() ? "" : label->second;
}

v1::ProbeConfig ConfigFor(const ProbeNode& self, std::span<const ProbeNode* const> peers, const ProbePolicy& policy) {
  v1::ProbeConfig config;
  config.set_token(policy.token);
  config.set_self_id(self.id);
  config.set_port(policy.port);
  *config.mutable_window() = EncodeDuration(policy.window);
  int targets = 0;
  for (const ProbeNode* other : peers) {
    v1::ProbePeer& peer = *config.add_peers() = PeerFor(self, *other);
    targets += (peer.ipv4().empty() ? 0 : 1) + (peer.ipv6().empty() ? 0 : 1);
  }
  const Duration needed = Duration(std::chrono::seconds(1)) * targets / policy.rate;
  *config.mutable_interval() = EncodeDuration(std::max(policy.min_interval, needed));
  return config;
}

}  // namespace

ProbeNode ProbeNodeOf(const InventoryNode& node, std::uint32_t id) {
  ProbeNode probed{.name = node.name, .id = id};
  probed.place = LabelOf(node, "region") + "/" + LabelOf(node, "az");
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

std::optional<std::size_t> MostPeers(std::span<const ProbeNode> nodes, const ProbePolicy& policy) {
  constexpr std::int64_t kFewestPeers = 3;
  const bool dual = std::ranges::any_of(nodes, [](const ProbeNode& node) { return node.ipv4 && node.ipv6; });
  const auto peers_in = [&](Duration interval) {
    return policy.rate * interval / Duration(std::chrono::seconds(1)) / (dual ? 2 : 1);
  };
  if (static_cast<std::int64_t>(nodes.size()) - 1 <= std::max(peers_in(policy.max_interval), kFewestPeers)) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(std::max(peers_in(policy.sampled_interval), kFewestPeers));
}

std::shared_ptr<const ProbePairs> SampleFleet(std::span<const ProbeNode> nodes, const ProbePolicy& policy,
                                              std::vector<std::vector<NodeGroup>> partings) {
  const std::optional<std::size_t> most = MostPeers(nodes, policy);
  if (!most) return nullptr;
  std::vector<NodeName> names;
  std::map<std::string, NodeGroup> places;
  for (const ProbeNode& node : nodes) {
    names.push_back(node.name);
    places[node.place].insert(node.name);
  }
  // The least of them: later ones come first.
  partings.emplace(partings.begin());
  for (auto& [place, members] : places) partings.front().push_back(std::move(members));
  return std::make_shared<const ProbePairs>(SampleProbes(names, partings, *most, policy.token));
}

void MakeProbeConfigs(std::span<const ProbeNode> nodes, const ProbePolicy& policy, const ProbePairs* pairs,
                      absl::FunctionRef<void(v1::ProbeConfig)> take) {
  std::map<NodeName, const ProbeNode*> by_name;
  for (const ProbeNode& node : nodes) by_name[node.name] = &node;
  for (const ProbeNode& node : nodes) {
    std::vector<const ProbeNode*> peers;
    if (pairs == nullptr) {
      for (const ProbeNode& other : nodes) {
        if (other.name != node.name) peers.push_back(&other);
      }
    } else {
      for (const NodeName& peer : pairs->at(node.name)) peers.push_back(by_name.at(peer));
    }
    take(ConfigFor(node, peers, policy));
  }
}

}  // namespace faultline
