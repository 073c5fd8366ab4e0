// Protected traffic while everything else is blocked, both ways.

#include "tests/lab/kernel/linux_kernel_fixture.h"
#include "tests/lab/kernel/tcp.h"

namespace faultline::testing {
namespace {

class ProtectTest : public LinuxKernelTest {
 protected:
  void SetUp() override {
    LinuxKernelTest::SetUp();
    if (IsSkipped()) return;
    FAULTLINE_SKIP_IF(WhyNoEgress());
    Program program{.run = RunId("r"), .devices = {"eth0"}};
    program.protect.ports = {kFencePort};
    program.egress_by_clsact = EgressByClsact();
    // Two ranges that touch but are not one prefix; the second begins with the peer's other address.
    program.protect.remotes = Prefixes({"172.33.11.99/32", "172.33.11.100/31"});
    program.protect.endpoints = {{*IpAddress::Parse(kPeer4), 7440}, {*IpAddress::Parse(kPeer6), 7440}};
    for (const char* address : {kNode4, kNode6})
      program.protect.endpoints.push_back({*IpAddress::Parse(address), 7441});
    for (const char* address : {kPeer4, kPeer6}) {
      program.protect.endpoints.push_back({*IpAddress::Parse(address), 53, Protocol::kUdp});
      program.protect.endpoints.push_back({*IpAddress::Parse(address), 53});
    }
    program.prefix_sets = {Prefixes({"0.0.0.0/0", "::/0"})};
    program.steps = {{.index = 0, .incoming = {{.sources = 0}}, .outgoing = {{.destinations = 0}}}};
    ASSERT_THAT(kernel_->Install(program), IsOk());
    ASSERT_THAT(OpenGate("r", 0), IsOk());
  }
};

// Whether a TCP connection comes about.
bool Connects(const Netns& from, const Netns& to, const std::string& address, std::uint16_t port) {
  const TcpListener listener(to, port);
  return Connect(from, address, port).error == 0;
}

TEST_F(ProtectTest, EverythingElseIsBlocked) {
  EXPECT_EQ(Reachable(), "");
  EXPECT_FALSE(Connects(peer(), node(), kNode4, 80));
  EXPECT_FALSE(Connects(node(), peer(), kPeer6, 80));
}

TEST_F(ProtectTest, SshPassesBothWays) {
  EXPECT_TRUE(Connects(peer(), node(), kNode4, 22));
  EXPECT_TRUE(Connects(peer(), node(), kNode6, 22));
  EXPECT_TRUE(Connects(node(), peer(), kPeer4, 22));
  EXPECT_TRUE(Connects(node(), peer(), kPeer6, 22));
}

TEST_F(ProtectTest, LinkLocalServicesPass) {
  EXPECT_EQ(SendAndCount(node(), kNode4, peer(), kService4, 53).arrived, 10);
  EXPECT_EQ(SendAndCount(peer(), kService4, node(), kNode4, 4053).arrived, 10);
  EXPECT_EQ(SendAndCount(node(), kNode6, peer(), kService6, 53).arrived, 10);
  EXPECT_EQ(SendAndCount(peer(), kService6, node(), kNode6, 4053).arrived, 10);
  EXPECT_TRUE(Connects(node(), peer(), kService4, 80));
}

TEST_F(ProtectTest, ConfiguredRemotesPass) {
  peer().Run("ip address add 172.33.11.99/11 dev eth0");
  peer().Run("ip address add 172.33.11.100/11 dev eth0");
  peer().Run("ip address add 172.33.11.102/11 dev eth0");
  for (const auto& [address, passes] : {std::pair("172.33.11.99", 10), {"172.33.11.100", 10}, {"172.33.11.102", 0}}) {
    EXPECT_EQ(SendAndCount(peer(), address, node(), kNode4).arrived, passes) << address;
    EXPECT_EQ(SendAndCount(node(), kNode4, peer(), address).arrived, passes) << address;
  }
}

TEST_F(ProtectTest, DhcpPasses) {
  EXPECT_EQ(SendAndCount(node(), kNode4, peer(), kPeer4, 67).arrived, 10);
  EXPECT_EQ(SendAndCount(peer(), kPeer4, node(), kNode4, 68).arrived, 10);
  EXPECT_EQ(SendAndCount(node(), kNode6, peer(), kPeer6, 547).arrived, 10);
  EXPECT_EQ(SendAndCount(peer(), kPeer6, node(), kNode6, 546).arrived, 10);
}

TEST_F(ProtectTest, TimeServicePasses) {
  EXPECT_EQ(SendAndCount(node(), kNode4, peer(), kPeer4, 123).arrived, 10);
  EXPECT_EQ(SendAndCount(peer(), kPeer4, node(), kNode4, 123).arrived, 10);
  EXPECT_EQ(SendAndCount(node(), kNode6, peer(), kPeer6, 123).arrived, 10);
  EXPECT_EQ(SendAndCount(peer(), kPeer6, node(), kNode6, 123).arrived, 10);
}

TEST_F(ProtectTest, DnsServersPass) {
  for (const auto& [here, there] : {std::pair(kNode4, kPeer4), {kNode6, kPeer6}}) {
    EXPECT_EQ(SendAndCount(node(), here, peer(), there, 53).arrived, 10) << there;
    EXPECT_TRUE(Connects(node(), peer(), there, 53)) << there;
    // And its answers come back.
    UdpSocket server(peer(), there, 53);
    UdpSocket client(node(), here, 4053);
    ASSERT_EQ(server.SendTo(here, 4053, "answer"), 0);
    EXPECT_EQ(client.Receive(std::chrono::seconds(1)), "answer") << there;
    // Another server's port is anybody's.
    EXPECT_EQ(SendAndCount(peer(), there, node(), here, 53).arrived, 0) << there;
  }
}

TEST_F(ProtectTest, NeighbourDiscoveryPasses) {
  node().Run("ip -6 neigh flush dev eth0");
  peer().Run("ip -6 neigh flush dev eth0");
  EXPECT_TRUE(Connects(peer(), node(), kNode6, 22));
  node().Run("ip -6 neigh flush dev eth0");
  peer().Run("ip -6 neigh flush dev eth0");
  EXPECT_TRUE(Connects(node(), peer(), kPeer6, 22));
}

TEST_F(ProtectTest, TheControllersConnectionPasses) {
  EXPECT_TRUE(Connects(node(), peer(), kPeer4, 7440));
  EXPECT_TRUE(Connects(node(), peer(), kPeer6, 7440));
  // Other nodes' too, when the endpoint is here, or behind this node.
  EXPECT_TRUE(Connects(peer(), node(), kNode4, 7441));
  EXPECT_TRUE(Connects(peer(), node(), kNode6, 7441));
  EXPECT_FALSE(Connects(node(), peer(), kPeer4, 7441));
  // Only to it: the same port of the node itself is not protected.
  EXPECT_FALSE(Connects(peer(), node(), kNode4, 7440));
}

}  // namespace
}  // namespace faultline::testing
