#include "agent/session/peer.h"

#include <gtest/gtest.h>

namespace faultline {
namespace {

TEST(PeerTest, ReadsEveryFormGrpcUses) {
  const ProtectedEndpoint v4{.address = *IpAddress::Parse("198.18.0.10"), .port = 7400};
  const ProtectedEndpoint v6{.address = *IpAddress::Parse("fd2f::10"), .port = 7400};
  EXPECT_EQ(EndpointOfPeer("ipv4:198.18.0.10:7400"), v4);
  EXPECT_EQ(EndpointOfPeer("ipv6:[fd2f::10]:7400"), v6);
  EXPECT_EQ(EndpointOfPeer("ipv6:%5Bfd2f::10%5D:7400"), v6);
}

TEST(PeerTest, OtherTransportsHaveNoEndpoint) {
  for (const char* peer : {"unix:/run/x.sock", "", "ipv4:", "ipv4:198.18.0.10", "ipv4:x:1", "ipv4:1.2.3.4:99999"}) {
    EXPECT_EQ(EndpointOfPeer(peer), std::nullopt) << peer;
  }
}

}  // namespace
}  // namespace faultline
