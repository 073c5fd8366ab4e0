#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/observe/probe_packet.h"
#include "common/packet_mac.h"
#include "common/prefix.h"

namespace faultline {

// What goes over the network: a probe's bytes and, behind them, their tag.
inline constexpr std::size_t kSealedProbeSize = kProbePacketSize + PacketMac::kTagSize;
using SealedProbe = std::array<std::uint8_t, kSealedProbeSize>;

// Seals probes with the first of a mesh's keys, and opens those that are sealed with any of them. The seal is over
// every byte and the IP version, so that a probe is of no use as one of another version. Not thread-safe; only Make
// allocates.
class ProbeSeal {
 public:
  // No keys: it opens nothing, and seals nothing. Errors as PacketMac::Make.
  static absl::StatusOr<ProbeSeal> Make(std::span<const PacketMac::Key> keys);

  // None without a key.
  std::optional<SealedProbe> Seal(const ProbePacket& packet, Family family);

  // None unless the bytes are what Seal gives for some packet with one of the keys. Any bytes may be given.
  std::optional<ProbePacket> Open(std::span<const std::uint8_t> bytes, Family family);

 private:
  std::vector<PacketMac> macs_;
};

}  // namespace faultline
