// Reject: the sender is told at once, and by whom.

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "tests/lab/kernel/linux_kernel_fixture.h"
#include "tests/lab/kernel/raw_wire.h"
#include "tests/lab/kernel/tcp.h"

namespace faultline::testing {
namespace {

// What a sender hears of a datagram: the errno, of send() or by ICMP; 0 when nothing comes within 300 ms.
int Answer(const Netns& from, const std::string& to, std::uint16_t port) {
  const InNetns inside(from);
  const IpAddress address = *IpAddress::Parse(to);
  const bool v4 = address.family() == Family::kIpv4;
  const UniqueFd fd(socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in in{.sin_family = AF_INET, .sin_port = htons(port)};
  sockaddr_in6 in6{.sin6_family = AF_INET6, .sin6_port = htons(port)};
  std::copy(address.bytes().begin(), address.bytes().end(),
            reinterpret_cast<std::uint8_t*>(v4 ? static_cast<void*>(&in.sin_addr) : &in6.sin6_addr));
  const auto* remote = v4 ? reinterpret_cast<const sockaddr*>(&in) : reinterpret_cast<const sockaddr*>(&in6);
  EXPECT_EQ(connect(fd.get(), remote, v4 ? sizeof(in) : sizeof(in6)), 0);
  if (send(fd.get(), "knock", 5, 0) < 0) return errno;
  pollfd ready{.fd = fd.get(), .events = POLLIN, .revents = 0};
  if (poll(&ready, 1, 300) != 1) return 0;
  char byte = 0;
  return recv(fd.get(), &byte, 1, MSG_DONTWAIT) < 0 ? errno : 0;
}

class RejectTest : public LinuxKernelTest {
 protected:
  static Program RejectIn(const PacketFilter& filter = {}) {
    Program program = ParisIngressProgram("r");
    program.steps[0].effect = Reject();
    program.steps[0].filter = filter;
    return program;
  }

  static Program RejectOut(const PacketFilter& filter = {}) {
    Program program = RejectIn(filter);
    std::swap(program.steps[0].incoming, program.steps[0].outgoing);
    program.steps[0].outgoing = {{.destinations = 0}};
    return program;
  }

  void InstallOpen(const Program& program) {
    ASSERT_THAT(kernel_->Install(program), IsOk());
    ASSERT_THAT(OpenGate("r", 0), IsOk());
  }
};

TEST_F(RejectTest, ConnectionsFromOutsideAreReset) {
  FAULTLINE_SKIP_IF(WhyNo({Capability::kReject}));
  const TcpListener listener(node(), 3000);
  ASSERT_THAT(kernel_->Install(RejectIn()), IsOk());
  EXPECT_EQ(Connect(peer(), kNode4, 3000).error, 0);
  EXPECT_EQ(Connect(peer(), kNode6, 3000).error, 0);
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  EXPECT_EQ(Connect(peer(), kNode4, 3000).error, ECONNREFUSED);
  EXPECT_EQ(Connect(peer(), kNode6, 3000).error, ECONNREFUSED);
}

TEST_F(RejectTest, AnOpenConnectionIsReset) {
  FAULTLINE_SKIP_IF(WhyNo({Capability::kReject}));
  for (const char* address : {kNode4, kNode6}) {
    const TcpPair pair = OpenTcp(peer(), node(), address, 3000);
    ASSERT_TRUE(Talk(pair.client, pair.server));
    InstallOpen(RejectIn());
    EXPECT_EQ(send(pair.client.get(), "word", 4, MSG_NOSIGNAL), 4);
    pollfd ready{.fd = pair.client.get(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(poll(&ready, 1, 1000), 1);
    char byte = 0;
    EXPECT_EQ(recv(pair.client.get(), &byte, 1, MSG_DONTWAIT), -1);
    EXPECT_EQ(errno, ECONNRESET);
    ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  }
}

TEST_F(RejectTest, DatagramsFromOutsideAreAnsweredByIcmp) {
  FAULTLINE_SKIP_IF(WhyNo({Capability::kReject}));
  const UdpSocket four(node(), kNode4, 3000);
  const UdpSocket six(node(), kNode6, 3000);
  EXPECT_EQ(Answer(peer(), kNode4, 3000), 0);
  InstallOpen(RejectIn());
  // "Administratively prohibited", as a sender hears it (icmp_err_convert, icmpv6_err_convert).
  EXPECT_EQ(Answer(peer(), kNode4, 3000), EHOSTUNREACH);
  EXPECT_EQ(Answer(peer(), kNode6, 3000), EACCES);
  const auto counters = kernel_->ReadCounters(RunId("r"));
  ASSERT_THAT(counters, IsOk());
  EXPECT_EQ(counters->front().packets, 2u);
}

TEST_F(RejectTest, ConnectionsToOutsideAreRefused) {
  FAULTLINE_SKIP_IF(WhyNo({Capability::kRejectOutgoing}));
  const TcpListener listener(peer(), 3000);
  ASSERT_THAT(kernel_->Install(RejectOut()), IsOk());
  EXPECT_EQ(Connect(node(), kPeer4, 3000).error, 0);
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  EXPECT_EQ(Connect(node(), kPeer4, 3000).error, ECONNREFUSED);
  EXPECT_EQ(Connect(node(), kPeer6, 3000).error, ECONNREFUSED);
  // Nothing of it went out.
  EXPECT_EQ(Connect(node(), kPeer4, 22).error, ECONNREFUSED) << "SSH is protected, and nobody listens";
  EXPECT_TRUE(PeerReachesNode(Family::kIpv4));
  EXPECT_TRUE(PeerReachesNode(Family::kIpv6));
}

TEST_F(RejectTest, DatagramsToOutsideAreRefused) {
  FAULTLINE_SKIP_IF(WhyNo({Capability::kRejectOutgoing}));
  UdpSocket four(peer(), kPeer4, 3000);
  const UdpSocket six(peer(), kPeer6, 3000);
  InstallOpen(RejectOut());
  EXPECT_NE(Answer(node(), kPeer4, 3000), 0);
  EXPECT_NE(Answer(node(), kPeer6, 3000), 0);
  EXPECT_EQ(four.Receive(Duration(0)), "");
}

TEST_F(RejectTest, WhatPassesThroughIsRefusedToo) {
  FAULTLINE_SKIP_IF(WhyNo({Capability::kRejectOutgoing}));
  // A host behind the node: 10.8.0.2.
  const Netns behind;
  node().Run("ip link add eth1 type veth peer name eth0 netns " + behind.path());
  node().Run("ip link set eth1 addrgenmode none up");
  behind.Run("ip link set eth0 addrgenmode none up");
  node().Run("ip address add 10.8.0.1/24 dev eth1");
  behind.Run("ip address add 10.8.0.2/24 dev eth0");
  behind.Run("ip route add default via 10.8.0.1");
  peer().Run("ip route add 10.8.0.0/24 via 172.32.4.2");
  node().Run("sysctl -qw net.ipv4.ip_forward=1");
  const TcpListener listener(peer(), 3000);
  ASSERT_THAT(kernel_->Install(RejectOut()), IsOk());
  EXPECT_EQ(Connect(behind, kPeer4, 3000).error, 0);
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  EXPECT_EQ(Connect(behind, kPeer4, 3000).error, ECONNREFUSED);
  ASSERT_THAT(CloseGate("r", 0), IsOk());
  EXPECT_EQ(Connect(behind, kPeer4, 3000).error, 0);
  node().Run("ip link del eth1");
}

// A refusal goes out, though what it answers may not come in and nothing else may go out.
TEST_F(RejectTest, BothWaysEachSenderIsTold) {
  FAULTLINE_SKIP_IF(WhyNo({Capability::kReject, Capability::kRejectOutgoing}));
  const TcpListener node_listener(node(), 3000);
  const TcpListener peer_listener(peer(), 3000);
  Program program = RejectIn();
  program.steps[0].outgoing = {{.destinations = 0}};
  InstallOpen(program);
  EXPECT_EQ(Connect(peer(), kNode4, 3000).error, ECONNREFUSED);
  EXPECT_EQ(Connect(peer(), kNode6, 3000).error, ECONNREFUSED);
  EXPECT_EQ(Connect(node(), kPeer4, 3000).error, ECONNREFUSED);
  EXPECT_EQ(Connect(node(), kPeer6, 3000).error, ECONNREFUSED);
  EXPECT_EQ(Answer(peer(), kNode4, 3500), EHOSTUNREACH);
  EXPECT_EQ(Answer(peer(), kNode6, 3500), EACCES);
  EXPECT_NE(Answer(node(), kPeer4, 3500), 0);
  EXPECT_NE(Answer(node(), kPeer6, 3500), 0);
}

// It is refused behind the lane, but refused.
TEST_F(RejectTest, AnImpairmentDoesNotLetItPass) {
  FAULTLINE_SKIP_IF(WhyNo({Capability::kReject, Capability::kRateLane}));
  const TcpListener listener(node(), 3000);
  Program program = RejectIn();
  Impairment fast;
  fast.rate = BitRate{1'000'000'000};
  program.steps.push_back({.index = 1, .effect = fast, .incoming = {{.sources = 0}}, .lane = LaneKind::kRate});
  InstallOpen(program);
  ASSERT_THAT(OpenGate("r", 1), IsOk());
  EXPECT_EQ(Connect(peer(), kNode4, 3000).error, ECONNREFUSED);
  EXPECT_EQ(Connect(peer(), kNode6, 3000).error, ECONNREFUSED);
}

TEST_F(RejectTest, LoopbackIsNeverActedOn) {
  FAULTLINE_SKIP_IF(WhyNo({Capability::kReject, Capability::kRejectOutgoing}));
  Program program = RejectIn();
  program.prefix_sets = {Prefixes({"0.0.0.0/0", "::/0"})};
  program.steps[0].outgoing = {{.destinations = 0}};
  const TcpListener listener(node(), 3000);
  InstallOpen(program);
  EXPECT_EQ(Connect(node(), "127.0.0.1", 3000).error, 0);
  EXPECT_EQ(Connect(node(), kNode6, 3000).error, 0);
}

TEST_F(RejectTest, OnlyWhatTheFilterChooses) {
  FAULTLINE_SKIP_IF(WhyNo({Capability::kReject, Capability::kRejectOutgoing}));
  const PacketFilter filter{.protocol = Protocol::kTcp, .destination_ports = {{3000, 3001}}};
  for (const Program& program : {RejectIn(filter), RejectOut(filter)}) {
    const bool in = !program.steps[0].incoming.empty();
    const Netns& client = in ? peer() : node();
    const Netns& server = in ? node() : peer();
    const TcpListener one(server, 3001);
    const TcpListener two(server, 3002);
    InstallOpen(program);
    EXPECT_EQ(Connect(client, in ? kNode4 : kPeer4, 3001).error, ECONNREFUSED);
    EXPECT_EQ(Connect(client, in ? kNode4 : kPeer4, 3002).error, 0);
    EXPECT_TRUE(in ? PeerReachesNode(Family::kIpv4) : NodeReachesPeer(Family::kIpv4));
    ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  }
}

}  // namespace
}  // namespace faultline::testing
