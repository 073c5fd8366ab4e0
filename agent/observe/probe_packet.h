#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "common/clock.h"

namespace faultline {

// One probe: the payload of a UDP datagram, but for its seal (ProbeSeal). The IP version is that of the datagram. A
// value.
//
// On the wire, big-endian:
//
//    0       4  5      8        16       20         24         32           40
//    | magic |v| zero  | token  | sender | receiver | sequence | sent at    |
struct ProbePacket {
  // The fleet's; see v1::ProbeConfig.
  std::uint64_t token = 0;
  // Numbers of the nodes, from v1::ProbeConfig. With the receiver in it, a probe that a translated or moved address
  // leads astray is not taken for one of another edge.
  std::uint32_t sender = 0;
  std::uint32_t receiver = 0;
  // Grows with each probe of this sender to this receiver over this IP version; where it starts is of no meaning.
  std::uint64_t sequence = 0;
  // When it was handed to the kernel.
  ControllerTime sent_at;

  friend bool operator==(const ProbePacket&, const ProbePacket&) = default;
};

inline constexpr std::size_t kProbePacketSize = 40;

std::array<std::uint8_t, kProbePacketSize> EncodeProbePacket(const ProbePacket& packet);

// None unless the bytes are exactly what EncodeProbePacket gives for some packet. Any bytes may be given.
std::optional<ProbePacket> DecodeProbePacket(std::span<const std::uint8_t> bytes);

}  // namespace faultline
