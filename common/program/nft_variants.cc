#include "common/program/nft_variants.h"

namespace faultline {
namespace {

TransportSet TransportsOf(Protocol protocol, Family family) {
  switch (protocol) {
    case Protocol::kAny:
      return {};
    case Protocol::kTcp:
      return {{Transport::kTcp}};
    case Protocol::kUdp:
      return {{Transport::kUdp}};
    case Protocol::kIcmp:
      return {{family == Family::kIpv4 ? Transport::kIcmp : Transport::kIcmpv6}};
    case Protocol::kSctp:
      return {{Transport::kSctp}};
  }
  return {};
}

// The protocols of the rules that a match becomes, each with a rule of its own.
std::vector<TransportSet> TransportRules(const StepChain& chain, Family family) {
  const PacketFilter& filter = chain.step->filter;
  if (filter.protocol != Protocol::kAny) return {TransportsOf(filter.protocol, family)};
  const bool ports = NamesPorts(filter);
  // A reset, and the flags, are TCP's.
  if (chain.action == Action::kReject || filter.connection != Connection::kAny) {
    return {{{Transport::kTcp}},
            ports ? TransportSet{{Transport::kUdp, Transport::kSctp}} : TransportSet{{Transport::kTcp}, Sense::kNotIn}};
  }
  return {ports ? WithPorts(Protocol::kAny) : TransportSet{}};
}

}  // namespace

absl::string_view NameOf(Transport transport) {
  switch (transport) {
    case Transport::kIcmp:
      return "icmp";
    case Transport::kTcp:
      return "tcp";
    case Transport::kUdp:
      return "udp";
    case Transport::kIcmpv6:
      return "ipv6-icmp";
    case Transport::kSctp:
      return "sctp";
  }
  return "";
}

absl::string_view Not(Sense sense) { return sense == Sense::kNotIn ? "!= " : ""; }

bool NamesPorts(const PacketFilter& filter) {
  return !filter.destination_ports.empty() || !filter.source_ports.empty() || !filter.either_ports.empty();
}

Transport TransportOf(const ProtectedEndpoint& endpoint) {
  return endpoint.protocol == Protocol::kUdp ? Transport::kUdp : Transport::kTcp;
}

TransportSet WithPorts(Protocol protocol) {
  if (protocol == Protocol::kAny) return {{Transport::kTcp, Transport::kUdp, Transport::kSctp}};
  return TransportsOf(protocol, Family::kIpv4);
}

std::vector<Variant> VariantsOf(const StepChain& chain, Family family) {
  std::vector<Variant> variants;
  for (const TransportSet& transports : TransportRules(chain, family)) {
    if (chain.step->filter.either_ports.empty()) {
      variants.push_back({transports, std::nullopt});
    } else {
      variants.push_back({transports, End::kDestination});
      variants.push_back({transports, End::kSource});
    }
  }
  return variants;
}

}  // namespace faultline
