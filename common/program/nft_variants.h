#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/packet_filter.h"
#include "common/prefix.h"
#include "common/program/nft_layout.h"

namespace faultline {

// Which rules a match becomes by its step's filter. Pure.

// One end of a packet.
enum class End : std::uint8_t { kSource, kDestination };
// Which of them is the other node.
inline End RemoteEnd(Direction direction) {
  return direction == Direction::kIngress ? End::kSource : End::kDestination;
}
// Numbers of IP protocols.
enum class Transport : std::uint8_t { kIcmp = 1, kTcp = 6, kUdp = 17, kIcmpv6 = 58, kSctp = 132 };
enum class Sense : std::uint8_t { kIn, kNotIn };

// As nft writes them: "tcp", and what stands before a value that is not to be: "!= ", or nothing.
absl::string_view NameOf(Transport transport);
absl::string_view Not(Sense sense);

// Which protocols a packet may have: one of `transports`, or none of them.
struct TransportSet {
  std::vector<Transport> transports;
  Sense sense = Sense::kIn;

  bool empty() const { return transports.empty(); }
};

// One of the rules that a match becomes.
struct Variant {
  // Empty: whatever the protocol.
  TransportSet transports;
  // The port of which end the filter's ports are about; absent: each of its own.
  std::optional<End> either;

  bool OnlyTcp() const {
    return transports.sense == Sense::kIn && transports.transports == std::vector{Transport::kTcp};
  }
};

bool NamesPorts(const PacketFilter& filter);

// Of what an endpoint protects.
Transport TransportOf(const ProtectedEndpoint& endpoint);

// Those of the protocol's packets that have ports.
TransportSet WithPorts(Protocol protocol);

// The rules that a match of one family becomes in a chain, in their order: more than one where they tell TCP from the
// rest, or a port counts on either end.
std::vector<Variant> VariantsOf(const StepChain& chain, Family family);

}  // namespace faultline
