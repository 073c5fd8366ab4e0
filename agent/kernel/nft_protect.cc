#include "agent/kernel/nft_protect.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/kernel/nft_rule.h"
#include "agent/kernel/nft_set.h"

namespace faultline {
namespace {

constexpr std::uint16_t kSsh[] = {22};
constexpr std::uint16_t kDhcp[] = {67, 68, 546, 547};
// Router solicitation to redirect (RFC 4861).
constexpr std::uint8_t kFirstNeighbourDiscovery = 133;
constexpr std::uint8_t kLastNeighbourDiscovery = 137;

const PrefixSet& LinkLocalServices() {
  static const PrefixSet services{*Prefix::Parse("169.254.0.0/16"), *Prefix::Parse("fd00:ec2::/32")};
  return services;
}

void ReturnPorts(NftBatch& batch, const std::string& chain, Transport transport, std::span<const std::uint16_t> always,
                 std::span<const std::uint16_t> more) {
  std::set<std::uint16_t> ports(always.begin(), always.end());
  ports.insert(more.begin(), more.end());
  std::vector<std::vector<std::uint8_t>> values;
  for (const std::uint16_t port : ports) {
    values.push_back({static_cast<std::uint8_t>(port >> 8), static_cast<std::uint8_t>(port)});
  }
  const std::string text = absl::StrCat("{ ", absl::StrJoin(ports, ", "), " }");
  for (const End end : {End::kSource, End::kDestination}) {
    NftRuleBuilder rule(chain);
    if (ports.size() == 1) {
      rule.PortIs(transport, end, *ports.begin());
    } else {
      rule.PortInSet(transport, end, AddAnonymousSet(batch, NftType::kInetService, values, text));
    }
    rule.Return().Add(batch);
  }
}

void ReturnNeighbourDiscovery(NftBatch& batch, const std::string& chain) {
  std::vector<std::vector<std::uint8_t>> types;
  for (std::uint8_t type = kFirstNeighbourDiscovery; type <= kLastNeighbourDiscovery; ++type) {
    types.push_back({type});
  }
  const NftAnonymousSet set = AddAnonymousSet(batch, NftType::kIcmpv6Type, types, "{ neighbour discovery }");
  NftRuleBuilder(chain).Icmpv6TypeInSet(set).Return().Add(batch);
}

void ReturnRemotes(NftBatch& batch, const std::string& chain, End remote, const PrefixSet& remotes) {
  const std::vector<Prefix>& all = remotes.prefixes();
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    std::vector<Prefix> part;
    std::copy_if(all.begin(), all.end(), std::back_inserter(part),
                 [family](const Prefix& prefix) { return prefix.family() == family; });
    if (part.empty()) continue;
    const NftAnonymousSet set = AddAnonymousPrefixSet(batch, part);
    NftRuleBuilder(chain).AddressInSet(remote, family, set).Return().Add(batch);
  }
}

}  // namespace

void AddProtectedReturns(NftBatch& batch, const std::string& chain, Direction direction, const Protected& protect) {
  const End remote = direction == Direction::kIngress ? End::kSource : End::kDestination;
  ReturnPorts(batch, chain, Transport::kTcp, kSsh, protect.ports);
  ReturnPorts(batch, chain, Transport::kUdp, kDhcp, protect.ports);
  ReturnNeighbourDiscovery(batch, chain);
  ReturnRemotes(batch, chain, remote, LinkLocalServices().Union(protect.remotes));
  for (const ProtectedEndpoint& endpoint : protect.endpoints) {
    NftRuleBuilder(chain)
        .AddressIs(remote, endpoint.address)
        .PortIs(Transport::kTcp, remote, endpoint.port)
        .Return()
        .Add(batch);
  }
}

}  // namespace faultline
