#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/name.h"
#include "common/packet_mac.h"
#include "common/prefix.h"

namespace faultline {

// A node to be probed, and whose probes are counted.
struct MeshPeer {
  NodeName name;
  // Its number in probe packets.
  std::uint32_t id = 0;
  // Absent: not to be probed over that IP version.
  std::optional<IpAddress> ipv4;
  std::optional<IpAddress> ipv6;

  friend bool operator==(const MeshPeer&, const MeshPeer&) = default;
};

// One node's part in the probe mesh; what v1::ProbeConfig carries. A value.
struct ProbeMesh {
  std::uint64_t token = 0;
  std::uint32_t self_id = 0;
  std::uint16_t port = 0;
  // Time between two probes to one peer over one IP version.
  Duration interval{0};
  // Width of the windows that counts are kept for.
  Duration window{0};
  std::vector<MeshPeer> peers;
  // Probes are sealed with the first, and taken when they are sealed with any.
  std::vector<PacketMac::Key> keys;

  // Peers times their IP versions.
  std::size_t TargetCount() const;
  friend bool operator==(const ProbeMesh&, const ProbeMesh&) = default;
};

// For the mesh a node never sends more probes a second than this, whatever it is asked for; ProbeBurst has a bound of
// its own.
inline constexpr int kMostProbesPerSecond = 200;
inline constexpr std::size_t kMostMeshPeers = 1000;
inline constexpr std::size_t kMostProbeKeys = 4;

// Whether a node may take part in the mesh as told: port and durations within range, peers with distinct names and
// numbers other than its own, addresses of the right IP version, a key or a few, at most kMostProbesPerSecond in all.
// INVALID_ARGUMENT names the rule and, for the rate, the interval that would do.
absl::Status CheckProbeMesh(const ProbeMesh& mesh);

}  // namespace faultline
