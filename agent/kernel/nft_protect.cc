#include "agent/kernel/nft_protect.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "agent/kernel/nft_rule.h"
#include "common/program/always_protected.h"

namespace faultline {
namespace {

// Appends the rules of one chain.
class ReturnWriter {
 public:
  ReturnWriter(NftBatch& batch, const TableId& table, const std::string& chain, End remote)
      : batch_(batch), table_(table), chain_(chain), remote_(remote) {}

  void ReturnPorts(Transport transport, std::span<const std::uint16_t> always, std::span<const std::uint16_t> more) {
    std::set<std::uint16_t> ports(always.begin(), always.end());
    ports.insert(more.begin(), more.end());
    std::vector<PortRange> ranges;
    for (const std::uint16_t port : ports) ranges.push_back({port, port});
    for (const End end : {End::kSource, End::kDestination}) Begin().PortIn({{transport}}, end, ranges).Return().Add();
  }

  void ReturnNeighbourDiscovery() { Begin().Icmpv6TypeIn(kNeighbourDiscovery, kNeighbourDiscoveryText).Return().Add(); }

  void ReturnRemotes(const PrefixSet& remotes) {
    const std::vector<Prefix>& all = remotes.prefixes();
    for (const Family family : {Family::kIpv4, Family::kIpv6}) {
      std::vector<Prefix> part;
      std::copy_if(all.begin(), all.end(), std::back_inserter(part),
                   [family](const Prefix& prefix) { return prefix.family() == family; });
      if (!part.empty()) Begin().AddressIn(remote_, family, part).Return().Add();
    }
  }

  void ReturnEndpoint(const ProtectedEndpoint& endpoint) {
    const PortRange port{endpoint.port, endpoint.port};
    for (const End end : {End::kSource, End::kDestination}) {
      Begin().AddressIs(end, endpoint.address).PortIn({{TransportOf(endpoint)}}, end, {&port, 1}).Return().Add();
    }
  }

 private:
  NftRuleBuilder Begin() { return NftRuleBuilder(batch_, table_, chain_); }

  NftBatch& batch_;
  const TableId& table_;
  const std::string& chain_;
  const End remote_;
};

}  // namespace

void AddProtectedReturns(NftBatch& batch, const TableId& table, const std::string& chain, Direction direction,
                         const Protected& protect) {
  ReturnWriter writer(batch, table, chain, RemoteEnd(direction));
  writer.ReturnPorts(Transport::kTcp, kProtectedTcpPorts, protect.ports);
  writer.ReturnPorts(Transport::kUdp, kProtectedUdpPorts, protect.ports);
  writer.ReturnNeighbourDiscovery();
  writer.ReturnRemotes(LinkLocalServices().Union(protect.remotes));
  for (const ProtectedEndpoint& endpoint : protect.endpoints) writer.ReturnEndpoint(endpoint);
}

}  // namespace faultline
