#include "common/packet_mac.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace faultline {
namespace {

PacketMac::Key CountingKey() {
  PacketMac::Key key;
  std::iota(key.begin(), key.end(), std::uint8_t{0});
  return key;
}

// From the paper that defines SipHash, appendix A: key 00 .. 0f, message 00 .. 0e, a129ca6149be45e5, little-endian.
TEST(PacketMacTest, IsSipHash24) {
  PacketMac mac = PacketMac::Make(CountingKey()).value();
  std::vector<std::uint8_t> message(15);
  std::iota(message.begin(), message.end(), std::uint8_t{0});
  const PacketMac::Tag expected = {0xe5, 0x45, 0xbe, 0x49, 0x61, 0xca, 0x29, 0xa1};
  EXPECT_EQ(mac.Sign(message), expected);
  // The one before leaves nothing behind.
  EXPECT_EQ(mac.Sign(message), expected);
  EXPECT_TRUE(mac.Verify(message, expected));
}

TEST(PacketMacTest, EveryOtherByteOfMessageKeyOrTagIsRefused) {
  PacketMac mac = PacketMac::Make(CountingKey()).value();
  std::vector<std::uint8_t> message(41, 7);
  PacketMac::Tag tag = mac.Sign(message).value();
  for (std::uint8_t& byte : message) {
    byte ^= 1;
    EXPECT_FALSE(mac.Verify(message, tag));
    byte ^= 1;
  }
  for (std::uint8_t& byte : tag) {
    byte ^= 0x80;
    EXPECT_FALSE(mac.Verify(message, tag));
    byte ^= 0x80;
  }
  for (std::size_t i = 0; i < PacketMac::kKeySize; ++i) {
    PacketMac::Key key = CountingKey();
    key[i] ^= 1;
    EXPECT_FALSE(PacketMac::Make(key)->Verify(message, tag));
  }
  EXPECT_FALSE(mac.Verify(std::span(message).first(40), tag));
  EXPECT_TRUE(mac.Verify(message, tag));
}

}  // namespace
}  // namespace faultline
