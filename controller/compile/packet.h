#pragma once

#include <cstdint>
#include <string>

#include "common/packet_filter.h"
#include "common/prefix.h"
#include "common/timeline.h"

namespace faultline {

// A packet as rules see it. A value.
struct Packet {
  IpAddress source;
  IpAddress destination;
  // Not kAny.
  Protocol protocol = Protocol::kUdp;
  // Of tcp, udp and sctp.
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint8_t dscp = 0;
  // Not kAny.
  Connection connection = Connection::kEstablished;
  // By which it leaves its sender and enters its receiver; empty: not known, then it passes for any.
  std::string out_interface;
  std::string in_interface;
};

// What the probe mesh sends: UDP from the mesh's port to the same, as both ends have done before.
Packet PacketOfProbe(const IpAddress& source, const IpAddress& destination, std::uint16_t port);

// Whether a rule is about packets between these two addresses at all. REQUIRES: the timeline passes CheckTimeline.
bool Matches(const Match& match, const Timeline& timeline, const IpAddress& source, const IpAddress& destination);

// Whether a step's filter covers the packet on this side of its way. REQUIRES: likewise.
bool Covers(const PacketFilter& filter, const Timeline& timeline, Side side, const Packet& packet);

}  // namespace faultline
