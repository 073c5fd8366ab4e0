#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/field_error.h"

namespace faultline {

// Index into Timeline::prefix_sets.
using SetIndex = std::uint32_t;

// Ports `first` to `last`, both among them.
struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;

  friend auto operator<=>(const PortRange&, const PortRange&) = default;
};

// Reads "3000" or "3001-3002". INVALID_ARGUMENT says what is wrong.
absl::StatusOr<PortRange> ParsePortRange(absl::string_view text);
std::string FormatPortRange(const PortRange& range);

enum class Protocol : std::uint8_t {
  kAny,
  kTcp,
  kUdp,
  // ICMP and ICMPv6.
  kIcmp,
  kSctp,
};

enum class Connection : std::uint8_t {
  kAny,
  // What would open one: a TCP packet with SYN and without ACK, or another packet of a flow of which the receiver has
  // not seen both directions.
  kNew,
  // All else.
  kEstablished,
};

// The differentiated services field has six bits.
inline constexpr std::uint8_t kHighestDscp = 63;

// Which packets between a fault's two ends it concerns; every present part must hold. A value.
struct PacketFilter {
  Protocol protocol = Protocol::kAny;
  // Each sorted, without overlap; empty: any.
  std::vector<PortRange> destination_ports;
  std::vector<PortRange> source_ports;
  // On either end.
  std::vector<PortRange> either_ports;
  // Packets with one of these on either end are spared.
  std::vector<PortRange> except_ports;
  // Packets from or to these addresses are spared.
  std::optional<SetIndex> except_addresses;
  // The differentiated services code point, at most kHighestDscp.
  std::optional<std::uint8_t> dscp;
  Connection connection = Connection::kAny;
  // By which they come in or go out; sorted; empty: any.
  std::vector<std::string> interfaces;

  friend bool operator==(const PacketFilter&, const PacketFilter&) = default;
};

// All that is wrong: port 0, ports that come twice, ports of a protocol without them (and with kAny none but tcp, udp
// and sctp packets have any), destination or source ports beside ones on either end, a code point above 63, an
// interface name that no device can have.
std::vector<FieldError> CheckPacketFilter(const PacketFilter& filter);

// "tcp to port 3000-3002 on eth1", "any packet".
std::string DescribeFilter(const PacketFilter& filter);

}  // namespace faultline
