#pragma once

#include <cstdint>

#include "common/prefix_set.h"

namespace faultline {

// The traffic that no fault touches on any node, whatever a plan or an agent's configuration says.

// SSH.
inline constexpr std::uint16_t kProtectedTcpPorts[] = {22};
// DHCP, and DHCP of IPv6.
inline constexpr std::uint16_t kDhcpPorts[] = {67, 68, 546, 547};
// NTP. By port alone, since which servers a daemon asks changes by the hour.
inline constexpr std::uint16_t kTimePorts[] = {123};
// All of these.
inline constexpr std::uint16_t kProtectedUdpPorts[] = {67, 68, 123, 546, 547};
// Router solicitation to redirect (RFC 4861), and how nft calls them.
inline constexpr std::uint8_t kNeighbourDiscovery[] = {133, 134, 135, 136, 137};
inline constexpr char kNeighbourDiscoveryText[] =
    "{ nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, nd-redirect }";

// Services of a cloud, such as instance metadata and DNS.
const PrefixSet& LinkLocalServices();

}  // namespace faultline
