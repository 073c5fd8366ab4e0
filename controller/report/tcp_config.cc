#include "controller/report/tcp_config.h"

#include <algorithm>

#include "common/timeline_codec.h"

namespace faultline {
namespace {

constexpr int kMostAttemptsPerSecond = 40;

}  // namespace

v1::TcpProbeConfig MakeTcpConfig(const NodeName& node, const std::set<TcpEdge>& edges,
                                 const std::map<NodeName, ProbeNode>& nodes, Duration window, Duration lasts) {
  v1::TcpProbeConfig config;
  std::set<std::uint16_t> dialled;
  for (const TcpEdge& edge : edges) {
    if (edge.to == node) dialled.insert(edge.port);
    const std::optional<IpAddress>& address = nodes.at(edge.to).Address(edge.family);
    if (edge.from != node || !address || !nodes.at(node).Address(edge.family)) continue;
    v1::TcpTarget& target = *config.add_targets();
    target.set_peer(edge.to.text());
    target.set_address(address->ToBytes());
    target.set_port(edge.port);
  }
  for (const std::uint16_t port : dialled) config.add_dialled_ports(port);
  if (config.targets().empty() && dialled.empty()) return config;
  const ProbeNode& self = nodes.at(node);
  if (self.ipv4) config.set_own_ipv4(self.ipv4->ToBytes());
  if (self.ipv6) config.set_own_ipv6(self.ipv6->ToBytes());
  const Duration needed = Duration(std::chrono::seconds(1)) * config.targets_size() / kMostAttemptsPerSecond;
  *config.mutable_interval() = EncodeDuration(std::max(kTcpInterval, needed));
  *config.mutable_timeout() = EncodeDuration(kTcpTimeout);
  *config.mutable_window() = EncodeDuration(window);
  *config.mutable_lasts() = EncodeDuration(lasts);
  return config;
}

}  // namespace faultline
