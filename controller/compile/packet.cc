#include "controller/compile/packet.h"

#include <algorithm>

namespace faultline {
namespace {

bool Has(const std::vector<PortRange>& ports, std::uint16_t port) {
  return std::any_of(ports.begin(), ports.end(),
                     [port](const PortRange& range) { return range.first <= port && port <= range.last; });
}

bool CoversPorts(const PacketFilter& filter, const Packet& packet) {
  const bool any = filter.destination_ports.empty() && filter.source_ports.empty() && filter.either_ports.empty();
  if (packet.protocol == Protocol::kIcmp) return any;
  const auto either = [&packet](const std::vector<PortRange>& ports) {
    return Has(ports, packet.source_port) || Has(ports, packet.destination_port);
  };
  return (filter.destination_ports.empty() || Has(filter.destination_ports, packet.destination_port)) &&
         (filter.source_ports.empty() || Has(filter.source_ports, packet.source_port)) &&
         (filter.either_ports.empty() || either(filter.either_ports)) && !either(filter.except_ports);
}

bool CoversInterface(const PacketFilter& filter, const std::string& interface) {
  return filter.interfaces.empty() || interface.empty() ||
         std::find(filter.interfaces.begin(), filter.interfaces.end(), interface) != filter.interfaces.end();
}

}  // namespace

Packet PacketOfProbe(const IpAddress& source, const IpAddress& destination, std::uint16_t port) {
  return {.source = source, .destination = destination, .source_port = port, .destination_port = port};
}

bool Matches(const Match& match, const Timeline& timeline, const IpAddress& source, const IpAddress& destination) {
  const auto in = [&timeline](const std::optional<SetIndex>& set, const IpAddress& address, bool when_absent) {
    return set ? timeline.prefix_sets[*set].Contains(address) : when_absent;
  };
  return in(match.sources, source, true) && in(match.destinations, destination, true) &&
         !in(match.except_destinations, destination, false);
}

bool Covers(const PacketFilter& filter, const Timeline& timeline, Side side, const Packet& packet) {
  if (filter.protocol != Protocol::kAny && filter.protocol != packet.protocol) return false;
  if (filter.dscp && *filter.dscp != packet.dscp) return false;
  if (filter.connection != Connection::kAny && filter.connection != packet.connection) return false;
  if (filter.except_addresses) {
    const PrefixSet& spared = timeline.prefix_sets[*filter.except_addresses];
    if (spared.Contains(packet.source) || spared.Contains(packet.destination)) return false;
  }
  return CoversPorts(filter, packet) &&
         CoversInterface(filter, side == Side::kReceiver ? packet.in_interface : packet.out_interface);
}

}  // namespace faultline
