#include "agent/observe/probe_seal.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/observe/mesh_samples.h"

namespace faultline {
namespace {

constexpr ProbePacket kSealedPacket = {
    .token = 77, .sender = 1, .receiver = 2, .sequence = 3, .sent_at = ControllerTime(Duration(4))};

ProbeSeal SealOf(const std::vector<PacketMac::Key>& keys) { return ProbeSeal::Make(keys).value(); }

TEST(ProbeSealTest, OpensWhatItSealed) {
  ProbeSeal seal = SealOf({KeyOf('a')});
  const SealedProbe sealed = seal.Seal(kSealedPacket, Family::kIpv6).value();
  EXPECT_EQ(seal.Open(sealed, Family::kIpv6), kSealedPacket);
  EXPECT_TRUE(std::ranges::equal(std::span(sealed).first<kProbePacketSize>(), EncodeProbePacket(kSealedPacket)));
}

TEST(ProbeSealTest, RefusesEveryFlippedBit) {
  ProbeSeal seal = SealOf({KeyOf('a'), KeyOf('b')});
  for (std::size_t bit = 0; bit < 8 * kSealedProbeSize; ++bit) {
    SealedProbe bytes = seal.Seal(kSealedPacket, Family::kIpv4).value();
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    EXPECT_FALSE(seal.Open(bytes, Family::kIpv4).has_value()) << "bit " << bit;
  }
}

TEST(ProbeSealTest, RefusesTheOtherIpVersion) {
  ProbeSeal seal = SealOf({KeyOf('a')});
  EXPECT_FALSE(seal.Open(seal.Seal(kSealedPacket, Family::kIpv4).value(), Family::kIpv6).has_value());
}

TEST(ProbeSealTest, RefusesEveryOtherLength) {
  ProbeSeal seal = SealOf({KeyOf('a')});
  std::vector<std::uint8_t> bytes(100);
  std::ranges::copy(seal.Seal(kSealedPacket, Family::kIpv4).value(), bytes.begin());
  for (std::size_t length = 0; length <= bytes.size(); ++length) {
    EXPECT_EQ(seal.Open(std::span(bytes).first(length), Family::kIpv4).has_value(), length == kSealedProbeSize)
        << length;
  }
}

TEST(ProbeSealTest, SealsWithTheFirstKeyAndOpensWithAny) {
  ProbeSeal both = SealOf({KeyOf('a'), KeyOf('b')});
  const SealedProbe sealed = both.Seal(kSealedPacket, Family::kIpv4).value();
  EXPECT_TRUE(SealOf({KeyOf('a')}).Open(sealed, Family::kIpv4).has_value());
  EXPECT_TRUE(SealOf({KeyOf('c'), KeyOf('b'), KeyOf('a')}).Open(sealed, Family::kIpv4).has_value());
  EXPECT_FALSE(SealOf({KeyOf('b')}).Open(sealed, Family::kIpv4).has_value());
}

TEST(ProbeSealTest, WithoutAKeyNothingIsSealedOrOpened) {
  ProbeSeal none;
  EXPECT_FALSE(none.Seal(kSealedPacket, Family::kIpv4).has_value());
  EXPECT_FALSE(none.Open(SealOf({KeyOf('a')}).Seal(kSealedPacket, Family::kIpv4).value(), Family::kIpv4).has_value());
}

}  // namespace
}  // namespace faultline
