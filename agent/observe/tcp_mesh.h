#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/name.h"
#include "common/prefix.h"

namespace faultline {

// A port of a node to be dialled.
struct TcpTarget {
  NodeName peer;
  IpAddress address;
  std::uint16_t port = 0;

  friend auto operator<=>(const TcpTarget&, const TcpTarget&) = default;
};

// One node's part in dialling; what v1::TcpProbeConfig carries. A value.
struct TcpMesh {
  // From which it dials, by IP version; where it is dialled.
  std::optional<IpAddress> own_ipv4;
  std::optional<IpAddress> own_ipv6;
  // Time between two attempts of one target.
  Duration interval{0};
  // How long an attempt waits for its answer.
  Duration timeout{0};
  // Width of the windows that counts are kept for.
  Duration window{0};
  // How long all this is to be done.
  Duration lasts{0};
  std::vector<TcpTarget> targets;
  // Ports that others dial here.
  std::vector<std::uint16_t> dialled_ports;

  bool Empty() const { return targets.empty() && dialled_ports.empty(); }
  const std::optional<IpAddress>& Own(Family family) const { return family == Family::kIpv4 ? own_ipv4 : own_ipv6; }
  friend bool operator==(const TcpMesh&, const TcpMesh&) = default;
};

// A node never begins more attempts a second than this, but for the first of each target, whatever it is asked for.
inline constexpr int kMostTcpAttemptsPerSecond = 40;
inline constexpr std::size_t kMostTcpTargets = 1000;
inline constexpr std::size_t kMostDialledPorts = 256;
// After a second TCP asks again, and what was lost would not be seen.
inline constexpr Duration kLongestTcpTimeout = std::chrono::milliseconds(950);

// Whether a node may dial as told: durations within range, ports other than 0, no target twice, an own address of each
// target's IP version, at most kMostTcpAttemptsPerSecond in all. An empty mesh may have anything else. INVALID_ARGUMENT
// names the rule.
absl::Status CheckTcpMesh(const TcpMesh& mesh);

}  // namespace faultline
