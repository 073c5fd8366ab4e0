#include <algorithm>
#include <cstdlib>

#include "agent/observe/probe_seal.h"

namespace {

using namespace faultline;

// That of the corpus.
PacketMac::Key CorpusKey() {
  PacketMac::Key key;
  key.fill('k');
  return key;
}

void CheckOpened(ProbeSeal& seal, std::span<const std::uint8_t> bytes, Family family, bool must_open) {
  const std::optional<ProbePacket> packet = seal.Open(bytes, family);
  if (must_open && !packet) std::abort();
  if (packet && !std::ranges::equal(seal.Seal(*packet, family).value(), bytes)) std::abort();
}

}  // namespace

// Whatever opens must seal to the very same bytes. Nobody guesses a tag, so what has the length of a probe is tried
// with its right tag too, which must open what decodes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static PacketMac mac = PacketMac::Make(CorpusKey()).value();
  static ProbeSeal seal = ProbeSeal::Make(std::vector{CorpusKey()}).value();
  const std::span<const std::uint8_t> bytes(data, size);
  CheckOpened(seal, bytes, Family::kIpv4, /*must_open=*/false);
  if (size < kProbePacketSize) return 0;
  const auto probe = bytes.first<kProbePacketSize>();
  const std::optional<ProbePacket> decoded = DecodeProbePacket(probe);
  if (decoded && !std::ranges::equal(EncodeProbePacket(*decoded), probe)) std::abort();
  std::array<std::uint8_t, kProbePacketSize + 1> covered;
  std::ranges::copy(probe, covered.begin());
  covered.back() = 6;
  SealedProbe sealed;
  std::ranges::copy(mac.Sign(covered).value(), std::ranges::copy(probe, sealed.begin()).out);
  CheckOpened(seal, sealed, Family::kIpv6, decoded.has_value());
  if (seal.Open(sealed, Family::kIpv4)) std::abort();
  return 0;
}
