#include "agent/observe/probe_packet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace faultline {
namespace {

constexpr ProbePacket kPacket = {.token = 0x0123456789abcdef,
                                 .sender = 0x11223344,
                                 .receiver = 0x55667788,
                                 .sequence = 0x99aabbccddeeff00,
                                 .sent_at = ControllerTime(Duration(0x0102030405060708))};

TEST(ProbePacketTest, EncodesToTheseBytes) {
  EXPECT_THAT(EncodeProbePacket(kPacket),
              ::testing::ElementsAre('F', 'L', 'P', 'B', 2, 0, 0, 0,                    //
                                     0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,    // token
                                     0x11, 0x22, 0x33, 0x44,                            // sender
                                     0x55, 0x66, 0x77, 0x88,                            // receiver
                                     0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x00,    // sequence
                                     0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08));  // sent at
}

TEST(ProbePacketTest, DecodesWhatItEncoded) { EXPECT_EQ(DecodeProbePacket(EncodeProbePacket(kPacket)), kPacket); }

TEST(ProbePacketTest, DecodesWhatItEncoded_Extremes) {
  for (const Duration::rep sent_at : {std::numeric_limits<Duration::rep>::min(), Duration::rep{-1}, Duration::rep{0},
                                      std::numeric_limits<Duration::rep>::max()}) {
    ProbePacket packet = kPacket;
    packet.sent_at = ControllerTime(Duration(sent_at));
    packet.sequence = std::numeric_limits<std::uint64_t>::max();
    EXPECT_EQ(DecodeProbePacket(EncodeProbePacket(packet)), packet) << sent_at;
  }
}

TEST(ProbePacketTest, RefusesEveryOtherLength) {
  const auto whole = EncodeProbePacket(kPacket);
  std::vector<std::uint8_t> bytes(whole.begin(), whole.end());
  bytes.resize(100);
  for (std::size_t length = 0; length <= bytes.size(); ++length) {
    EXPECT_EQ(DecodeProbePacket(std::span(bytes).first(length)).has_value(), length == kProbePacketSize) << length;
  }
}

TEST(ProbePacketTest, RefusesEveryChangeOfTheFirstEightBytes) {
  for (std::size_t bit = 0; bit < 64; ++bit) {
    auto bytes = EncodeProbePacket(kPacket);
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    EXPECT_FALSE(DecodeProbePacket(bytes).has_value()) << "bit " << bit;
  }
}

TEST(ProbePacketTest, EveryChangeOfTheOtherBytesIsAnotherPacket) {
  for (std::size_t bit = 64; bit < 8 * kProbePacketSize; ++bit) {
    auto bytes = EncodeProbePacket(kPacket);
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    const auto decoded = DecodeProbePacket(bytes);
    ASSERT_TRUE(decoded.has_value()) << "bit " << bit;
    EXPECT_NE(*decoded, kPacket) << "bit " << bit;
    EXPECT_EQ(EncodeProbePacket(*decoded), bytes) << "bit " << bit;
  }
}

}  // namespace
}  // namespace faultline
