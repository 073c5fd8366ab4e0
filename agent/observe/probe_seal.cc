#include "agent/observe/probe_seal.h"

#include <algorithm>

#include "common/status.h"

namespace faultline {
namespace {

// What is signed: the probe, and its IP version as an IP header has it.
using Signed = std::array<std::uint8_t, kProbePacketSize + 1>;

Signed SignedOf(std::span<const std::uint8_t, kProbePacketSize> probe, Family family) {
  Signed bytes;
  std::ranges::copy(probe, bytes.begin());
  bytes.back() = family == Family::kIpv4 ? 4 : 6;
  return bytes;
}

}  // namespace

absl::StatusOr<ProbeSeal> ProbeSeal::Make(std::span<const PacketMac::Key> keys) {
  ProbeSeal seal;
  for (const PacketMac::Key& key : keys) {
    FAULTLINE_ASSIGN_OR_RETURN(PacketMac mac, PacketMac::Make(key));
    seal.macs_.push_back(std::move(mac));
  }
  return seal;
}

std::optional<SealedProbe> ProbeSeal::Seal(const ProbePacket& packet, Family family) {
  if (macs_.empty()) return std::nullopt;
  const auto probe = EncodeProbePacket(packet);
  const std::optional<PacketMac::Tag> tag = macs_.front().Sign(SignedOf(probe, family));
  if (!tag) return std::nullopt;
  SealedProbe sealed;
  std::ranges::copy(*tag, std::ranges::copy(probe, sealed.begin()).out);
  return sealed;
}

std::optional<ProbePacket> ProbeSeal::Open(std::span<const std::uint8_t> bytes, Family family) {
  if (bytes.size() != kSealedProbeSize) return std::nullopt;
  const auto probe = bytes.first<kProbePacketSize>();
  const std::optional<ProbePacket> packet = DecodeProbePacket(probe);
  if (!packet) return std::nullopt;
  const Signed covered = SignedOf(probe, family);
  const auto tag = bytes.last<PacketMac::kTagSize>();
  const bool known = std::ranges::any_of(macs_, [&](PacketMac& mac) { return mac.Verify(covered, tag); });
  return known ? packet : std::nullopt;
}

}  // namespace faultline
